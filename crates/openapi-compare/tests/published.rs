//! A published document of real size, where the repository around this crate has it.

use std::path::Path;

use openapi_compare::{Check, Document, SpecVersion};

#[test]
fn a_real_document_holds_together() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/2025-05-01/openapi.json");
    if !path.exists() {
        return;
    }
    let document = Document::from_path(&path).unwrap();
    assert_eq!(*document.version(), SpecVersion::OpenApi3_0("3".to_owned()));
    assert_eq!(document.operations().count(), 58);
    assert_eq!(document.schemas().count(), 247);
    let check = Check::default().operation_ids_required(true);
    assert_eq!(document.check_with(check), Ok(()));
}
