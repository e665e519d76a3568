//! `loosened.tsv`: where types take more than the document says, field by field, and why.

use std::fmt::Write as _;

use super::api::{Api, Loosened, Presence, Shape};

pub(crate) fn emit(api: &Api) -> String {
    let mut text = format!(
        "# Where the types of api-version {} take more than the document says.\n\
         schema\tproperty\tthe document says\tthe type has\twhy\n",
        api.name
    );
    for definition in api.types.values() {
        let Shape::Struct(model) = &definition.shape else { continue };
        for field in &model.fields {
            let Some(loosened) = field.loosened else { continue };
            let (said, why) = match loosened {
                Loosened::Answer => ("required", "recorded answers lack required properties everywhere"),
                Loosened::Nullable => ("required, may be null", "document"),
                Loosened::Observed => ("required", "x-observed"),
                Loosened::Overlay => ("required", "overlay"),
            };
            let has =
                if field.presence == Presence::Nullable { "an Option" } else { "an empty value where it is missing" };
            let _ = writeln!(text, "{}\t{}\t{said}\t{has}\t{why}", definition.document, field.property);
        }
    }
    text
}
