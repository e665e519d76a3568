//! Skills: as a text, as files, and as the zip that comes back.

use foundry_sdk::types::SkillInlineContent;
use foundry_sdk::{ErrorKind, FileContent, ProjectClient};

use crate::read::{assert_zip, bytes, one_by_one};

pub(crate) async fn skills(client: &ProjectClient) {
    let skills = client.preview().skills();
    let inline = SkillInlineContent::new("Greets people.", "Say hello.");
    let first = skills.create("greeting").inline_content(inline.clone()).default(true).await.unwrap();
    assert_eq!((first.version.as_str(), first.description.as_str()), ("1", "Greets people."));
    let files = [
        FileContent::new("SKILL.md", "---\nname: greeting\ndescription: \"Greets better.\"\n---\nBow."),
        FileContent::new("swedish.txt", "Hej"),
    ];
    let second = skills.create_from_files("greeting", files).default(true).await.unwrap();
    assert_eq!((second.version.as_str(), second.description.as_str()), ("2", "Greets better."));
    skills.create("farewell").inline_content(inline).await.unwrap();

    let all = one_by_one(skills.list().page_size(1), 2).await;
    assert_eq!(all.iter().map(|skill| skill.name.as_str()).collect::<Vec<_>>(), ["farewell", "greeting"]);
    let skill = skills.get("greeting").await.unwrap();
    assert_eq!((skill.default_version.as_str(), skill.latest_version.as_str()), ("2", "2"));
    assert_zip(&bytes(skills.download("greeting").await.unwrap()).await, "swedish.txt");
    assert_zip(&bytes(skills.download_version("greeting", "1").await.unwrap()).await, "SKILL.md");
    assert_eq!(skills.update("greeting", "1").await.unwrap().default_version, "1");
    let versions = one_by_one(skills.list_versions("greeting").page_size(1), 2).await;
    assert_eq!(versions.iter().map(|one| one.version.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(skills.get_version("greeting", "2").await.unwrap().id, second.id);

    let deleted = skills.delete_version("greeting", "1").await.unwrap();
    assert_eq!((deleted.version.as_str(), deleted.deleted), ("1", true));
    let deleted = skills.delete("greeting").await.unwrap();
    assert_eq!((deleted.name.as_str(), deleted.deleted), ("greeting", true));
    assert_eq!(skills.get("greeting").await.unwrap_err().kind(), ErrorKind::NotFound);
}
