//! Memory stores: what agents remember of people.

use foundry_sdk::types::{MemoryItemKind, MemoryStoreDefaultDefinition, MemoryStoreUpdateStatus};
use foundry_sdk::{ErrorKind, ProjectClient};
use serde_json::{Map, Value, json};

use crate::read::{json as as_json, of, one_by_one};

pub(crate) async fn stores(client: &ProjectClient) {
    let stores = client.preview().memory_stores();
    let definition = || MemoryStoreDefaultDefinition::new("gpt-4.1-mini", "text-embedding-3-small");
    let store = stores.create(definition(), "facts").metadata([("a", "b")]).await.unwrap();
    assert_eq!((store.name.as_str(), as_json(&store.definition)["kind"].as_str()), ("facts", Some("default")));
    stores.create(definition(), "other").await.unwrap();
    let all = one_by_one(stores.list().page_size(1), 2).await;
    assert_eq!(all.iter().map(|store| store.name.as_str()).collect::<Vec<_>>(), ["other", "facts"]);
    let store = stores.update("facts").description("What people said.").await.unwrap();
    assert_eq!(store.description.as_deref(), Some("What people said."));
    assert_eq!(stores.get("facts").await.unwrap().id, store.id);
    let deleted = stores.delete("other").await.unwrap();
    assert_eq!((deleted.name.as_str(), deleted.deleted), ("other", true));
    assert_eq!(stores.get("other").await.unwrap_err().kind(), ErrorKind::NotFound);
}

fn said(text: &str) -> Map<String, Value> {
    of(json!({ "type": "message", "role": "user", "content": text }))
}

pub(crate) async fn memories(client: &ProjectClient) {
    let stores = client.preview().memory_stores();
    let update = stores.update_memories("facts", "ann").items([said("I drink dark roast coffee.")]).await.unwrap();
    assert_eq!(update.status, MemoryStoreUpdateStatus::Queued);
    let looked = stores.get_update("facts", &update.update_id).await.unwrap();
    assert_eq!(looked.status, MemoryStoreUpdateStatus::InProgress);
    let done = stores.get_update("facts", &update.update_id).await.unwrap();
    assert_eq!(done.status, MemoryStoreUpdateStatus::Completed);
    let operations = as_json(&done.result.unwrap().memory_operations);
    assert_eq!(operations[0]["memory_item"]["content"], "I drink dark roast coffee.");
    let found = stores.search_memories("facts", "ann").items([said("Which coffee?")]).await.unwrap();
    assert_eq!(as_json(&found.memories)[0]["memory_item"], operations[0]["memory_item"]);

    let memory = stores.create_memory("facts", "Lives in Oslo.", MemoryItemKind::UserProfile, "ann").await.unwrap();
    let memory = as_json(&memory);
    let id = memory["memory_id"].as_str().unwrap();
    assert_eq!((&memory["kind"], &memory["scope"]), (&json!("user_profile"), &json!("ann")));
    let changed = as_json(&stores.update_memory("facts", id, "Lives in Bergen.").await.unwrap());
    assert_eq!(changed["content"], "Lives in Bergen.");
    assert_eq!(as_json(&stores.get_memory("facts", id).await.unwrap()), changed);
    let all = one_by_one(stores.list_memories("facts", "ann").page_size(1), 2).await;
    assert_eq!(as_json(&all[0])["memory_id"], id);
    let deleted = stores.delete_memory("facts", id).await.unwrap();
    assert_eq!((deleted.memory_id.as_str(), deleted.deleted), (id, true));
    let deleted = stores.delete_scope("facts", "ann").await.unwrap();
    assert_eq!((deleted.scope.as_str(), deleted.deleted), ("ann", true));
    assert_eq!(stores.list_memories("facts", "ann").await.unwrap().data.len(), 0);
}
