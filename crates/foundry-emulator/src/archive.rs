//! Archives: files put together as a zip.

use std::io::{Cursor, Write};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::error::ServiceError;

/// A zip of these files, whose bytes stand in it as they are. The same files give the same bytes.
pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Bytes, ServiceError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let write = || {
        for (name, content) in files {
            writer.start_file(name, options)?;
            writer.write_all(content)?;
        }
        writer.finish()
    };
    let archive = write().map_err(ServiceError::internal)?;
    Ok(archive.into_inner().into())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn files_come_out_as_they_went_in() {
        let files: [(&str, &[u8]); 2] = [("SKILL.md", b"Be brief."), ("grün/a.txt", b"")];
        let bytes = of(files).unwrap();
        assert_eq!(of(files).unwrap(), bytes);
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for (name, content) in files {
            let mut read = Vec::new();
            archive.by_name(name).unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, content, "{name}");
        }
    }
}
