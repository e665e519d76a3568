//! A folder becomes a version of a dataset: its files are uploaded, several at a time, and then named.
//!
//! `dataset_upload [FOLDER]`; without a folder it makes one. Settings are those of the quickstart; without any
//! it talks to an emulator in this process.

mod support;

use foundry_sdk::BlobReport;
use foundry_sdk::types::DatasetVersion;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _, _emulator) = support::connect().await?;
    let made = tempfile::tempdir()?;
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => folder.into(),
        None => {
            for number in 1..=3 {
                let question = format!("{{\"query\":\"What is {number} and {number}?\"}}\n");
                std::fs::write(made.path().join(format!("questions {number}.jsonl")), question)?;
            }
            std::fs::write(made.path().join("notes.txt"), "not for the dataset")?;
            made.path().to_owned()
        }
    };

    let datasets = client.datasets();
    let upload = datasets
        .upload_folder("questions", "1", folder)
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .on_progress(|progress| println!("{} of {} files", progress.uploaded, progress.files))
        .description("Questions about sums");
    let version = match upload.await {
        Ok(version) => version,
        Err(error) => {
            // What is uploaded stays, but there is no version of it.
            if let Some(report) = error.last_state::<BlobReport>() {
                eprintln!("{report}");
            }
            return Err(error.into());
        }
    };
    if let DatasetVersion::UriFolder(version) = &version {
        println!("{} {} is at {}", version.name, version.version, version.data_uri);
    }
    datasets.delete("questions", "1").await?;
    Ok(())
}
