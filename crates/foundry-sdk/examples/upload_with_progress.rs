//! A file is uploaded with a progress bar, waited for, and downloaded again.
//!
//! `upload_with_progress [FILE]`; without a file it makes one of 32 MiB. Settings are those of the
//! quickstart; without any it talks to an emulator in this process.

mod support;

use foundry_sdk::classic::types::FilePurpose;
use foundry_sdk::{ErrorKind, FileContent, Progress};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar, and what moves it.
fn bar(what: &'static str) -> Result<impl Fn(Progress) + Send + Sync + 'static, Box<dyn std::error::Error>> {
    let style = ProgressStyle::with_template("{msg:9} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}")?;
    let bar = ProgressBar::no_length().with_style(style).with_message(what);
    Ok(move |progress: Progress| {
        if let Some(total) = progress.total {
            bar.set_length(total);
        }
        // An upload that has to be repeated begins at 0 again, and so does the bar.
        bar.set_position(progress.bytes);
        if progress.total == Some(progress.bytes) {
            bar.abandon();
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, _, _emulator) = support::connect().await?;
    let files = client.classic().files();
    let folder = tempfile::tempdir()?;
    let path = match std::env::args_os().nth(1) {
        Some(path) => path.into(),
        None => {
            let path = folder.path().join("Übung 1.txt");
            std::fs::write(&path, vec![b'.'; 32 << 20])?;
            path
        }
    };

    // Read piece by piece while it is sent; sent again if the service says to come back later.
    let content = FileContent::from_path(path).on_progress(bar("uploading")?);
    let file = files.upload(content, FilePurpose::Assistants).poll().processed().await?;
    println!("uploaded   {} {} ({} bytes)", file.id, file.filename, file.bytes);

    // Written beside its place and then renamed. Not every file may be downloaded again.
    match files.get_content(&file.id).download_to(folder.path().join("copy")).on_progress(bar("loading")?).await {
        Ok(bytes) => println!("downloaded {bytes} bytes"),
        Err(error) if error.kind() == ErrorKind::BadRequest => println!("refused    {}", error.message()),
        Err(error) => return Err(error.into()),
    }
    files.delete(&file.id).await?;
    Ok(())
}
