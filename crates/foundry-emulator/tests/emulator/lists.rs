//! Lists: order, cursors, sizes, links.

use foundry_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Client, id, start};

async fn messages(client: &Client, count: usize) -> (String, Vec<String>) {
    let thread = client.thread().await;
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(id(&client.say(&thread, &number.to_string()).await));
    }
    (format!("/threads/{thread}/messages"), ids)
}

fn ids(page: &Value) -> Vec<String> {
    let ids: Vec<String> = page["data"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(page["object"], "list");
    assert_eq!(page["first_id"], json!(ids.first()));
    assert_eq!(page["last_id"], json!(ids.last()));
    ids
}

#[tokio::test]
async fn no_size_of_pages_loses_or_repeats_anything() {
    const COUNT: usize = 11;
    let (_emulator, client, _) = start().await;
    let (path, oldest_first) = messages(&client, COUNT).await;
    for order in ["asc", "desc"] {
        let mut expected = oldest_first.clone();
        if order == "desc" {
            expected.reverse();
        }
        for limit in 1..=COUNT + 1 {
            let list = format!("{path}?order={order}&limit={limit}");

            let mut forwards: Vec<String> = Vec::new();
            loop {
                let from = forwards.last().map(|last| format!("&after={last}")).unwrap_or_default();
                let page = client.get(&format!("{list}{from}")).await.success();
                let ids = ids(&page);
                let rest = COUNT - forwards.len();
                assert_eq!(ids.len(), limit.min(rest), "{list}{from}");
                forwards.extend(ids);
                assert_eq!(page["has_more"], forwards.len() < COUNT, "{list}{from}");
                if page["has_more"] == false {
                    break;
                }
            }
            assert_eq!(forwards, expected, "{list}");

            // From the last element back to the first.
            let mut backwards: Vec<String> = vec![expected[COUNT - 1].clone()];
            loop {
                let page = client.get(&format!("{list}&before={}", backwards[0])).await.success();
                let ids = ids(&page);
                let rest = COUNT - backwards.len();
                assert_eq!(ids.len(), limit.min(rest), "{list}");
                backwards.splice(0..0, ids);
                assert_eq!(page["has_more"], backwards.len() < COUNT, "{list}");
                if page["has_more"] == false {
                    break;
                }
            }
            assert_eq!(backwards, expected, "{list}");
        }
    }
}

#[tokio::test]
async fn cursors_exclude_their_own_element() {
    let (_emulator, client, _) = start().await;
    let (path, all) = messages(&client, 6).await;
    let list = async |query: String| ids(&client.get(&format!("{path}?{query}")).await.success());

    assert_eq!(list(format!("order=asc&after={}", all[3])).await, all[4..]);
    assert_eq!(list(format!("order=asc&before={}", all[2])).await, all[..2]);
    assert_eq!(list(format!("after={}", all[1])).await, [all[0].clone()]);
    assert_eq!(list(format!("before={}", all[4])).await, [all[5].clone()]);
    let between = format!("order=asc&after={}&before={}", all[1], all[4]);
    assert_eq!(list(between).await, all[2..4]);
    let between = format!("order=asc&limit=1&after={}&before={}", all[1], all[4]);
    assert_eq!(list(between).await, all[2..3]);
    assert!(list(format!("order=asc&after={}", all[5])).await.is_empty());
    assert!(list(format!("order=asc&after={}&before={}", all[4], all[1])).await.is_empty());
}

#[tokio::test]
async fn a_page_has_twenty_elements_unless_the_request_says_otherwise() {
    let (_emulator, client, _) = start().await;
    let (path, all) = messages(&client, 101).await;
    let page = client.get(&path).await.success();
    let newest: Vec<String> = all.iter().rev().take(20).cloned().collect();
    assert_eq!(ids(&page), newest);
    assert_eq!(page["has_more"], true);
    let page = client.get(&format!("{path}?limit=100")).await.success();
    assert_eq!(ids(&page).len(), 100);
    assert_eq!(page["has_more"], true);
}

#[tokio::test]
async fn an_empty_page_has_no_ids() {
    let (_emulator, client, _) = start().await;
    let (path, all) = messages(&client, 1).await;
    let past_the_end = format!("{path}?after={}", all[0]);
    for page in ["/assistants", &past_the_end] {
        let page = client.get(page).await.success();
        let empty = json!({
            "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false,
        });
        assert_eq!(page, empty);
    }
    // An empty cursor is none.
    let page = client.get(&format!("{path}?after=&before=")).await.success();
    assert_eq!(ids(&page), all);
}

#[tokio::test]
async fn wrong_parameters_are_400_and_named() {
    let (_emulator, client, _) = start().await;
    let (path, _) = messages(&client, 1).await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("order=up", "order"),
        ("after=msg_x", "after"),
        ("before=msg_x", "before"),
    ] {
        let error = client.get(&format!("{path}?{query}")).await.error(400);
        assert_eq!(error["param"], name, "{query}");
    }
}

#[tokio::test]
async fn elements_may_be_deleted_while_they_are_listed() {
    let (_emulator, client, _) = start().await;
    for _ in 0..7 {
        client.thread().await;
    }
    let mut path = "/threads?limit=2".to_owned();
    let mut seen = 0;
    loop {
        let page = client.get(&path).await.success();
        for id in ids(&page) {
            client.call("DELETE", &format!("/threads/{id}"), None).await.success();
            seen += 1;
        }
        if page["has_more"] == false {
            break;
        }
        path = format!("/threads?limit=2&after={}", page["last_id"].as_str().unwrap());
    }
    assert_eq!(seen, 7);
    assert_eq!(client.get("/threads").await.success()["data"], json!([]));
}

#[tokio::test]
async fn links_lead_through_all_pages() {
    let emulator = Emulator::builder().page_size(20).start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    let versions: Vec<String> = (1..=45).map(|number| number.to_string()).collect();
    for version in &versions {
        let path = format!("/datasets/a%20name/versions/{version}");
        let body = json!({ "type": "uri_file", "dataUri": "https://example.com/data" });
        client.call("PATCH", &path, Some(body)).await.success();
    }
    let mut seen: Vec<String> = Vec::new();
    let mut sizes = Vec::new();
    let mut page = client.get("/datasets/a%20name/versions?extra=a%26b").await.success();
    let mut token = String::new();
    loop {
        let elements = page["value"].as_array().unwrap();
        sizes.push(elements.len());
        seen.extend(elements.iter().map(|one| one["version"].as_str().unwrap().to_owned()));
        let Some(link) = page["nextLink"].as_str() else {
            break;
        };
        // The link holds all that is needed but the credential.
        let path = link.strip_prefix(emulator.endpoint()).unwrap();
        let query: Vec<(String, String)> = url::Url::parse(link).unwrap().query_pairs().into_owned().collect();
        let kept = [("extra".to_owned(), "a&b".to_owned()), ("api-version".to_owned(), crate::API_VERSION.to_owned())];
        assert_eq!(query[..2], kept);
        assert_eq!((query.len(), query[2].0.as_str()), (3, "continuationToken"));
        token.clone_from(&query[2].1);
        let request = client.bare("GET", path).header("api-key", "a");
        page = client.send(request).await.success();
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(seen, versions);

    // Neither an invented token nor that of another list is taken.
    for path in ["/datasets/a%20name/versions?continuationToken=x", &format!("/datasets?continuationToken={token}")] {
        let error = client.get(path).await.error(400);
        assert_eq!(error["param"], "continuationToken");
    }
}

#[tokio::test]
async fn lists_with_links_are_one_page_unless_told_otherwise() {
    let (_emulator, client, _) = start().await;
    for version in 0..120 {
        let path = format!("/indexes/many/versions/{version}");
        let body = json!({ "type": "AzureSearch", "connectionName": "search", "indexName": "i" });
        client.call("PATCH", &path, Some(body)).await.success();
    }
    let page = client.get("/indexes/many/versions").await.success();
    assert_eq!(page["value"].as_array().unwrap().len(), 120);
    assert!(page.get("nextLink").is_none());
}

#[tokio::test]
async fn every_list_with_links_can_be_cut() {
    let emulator = Emulator::builder().page_size(1).start().await.unwrap();
    let client = Client::new(emulator.endpoint());
    for name in ["a", "b", "a"] {
        for version in ["1", "2"] {
            let index = json!({ "type": "AzureSearch", "connectionName": "search", "indexName": "i" });
            let dataset = json!({ "type": "uri_file", "dataUri": "https://example.com/data" });
            client.call("PATCH", &format!("/indexes/{name}/versions/{version}"), Some(index)).await.success();
            client.call("PATCH", &format!("/datasets/{name}/versions/{version}"), Some(dataset)).await.success();
        }
    }
    for (path, count) in [
        ("/deployments", 3),
        ("/deployments?modelName=gpt-4o", 1),
        ("/connections", 3),
        ("/connections?defaultConnection=true", 2),
        ("/indexes", 2),
        ("/indexes/b/versions", 2),
        ("/datasets", 2),
        ("/datasets/a/versions", 2),
        ("/datasets/none/versions", 0),
    ] {
        let mut seen = Vec::new();
        let mut page = client.get(path).await.success();
        loop {
            let elements = page["value"].as_array().unwrap();
            assert!(elements.len() <= 1);
            seen.extend(elements.clone());
            let Some(link) = page["nextLink"].as_str() else {
                break;
            };
            let request = client.bare("GET", link.strip_prefix(emulator.endpoint()).unwrap()).bearer_auth("a");
            page = client.send(request).await.success();
        }
        assert_eq!(seen.len(), count, "{path}");
        seen.dedup();
        assert_eq!(seen.len(), count, "{path}");
    }
}

#[tokio::test]
async fn what_is_made_between_pages_does_not_shift_them() {
    let (_emulator, client, _) = start().await;
    for order in ["desc", "asc"] {
        let (path, mut all) = messages(&client, 7).await;
        let thread = path.split('/').nth(2).unwrap();
        let mut seen: Vec<String> = Vec::new();
        let mut query = format!("{path}?order={order}&limit=3");
        loop {
            let page = client.get(&query).await.success();
            seen.extend(ids(&page));
            if page["has_more"] == false {
                break;
            }
            if all.len() < 9 {
                all.push(id(&client.say(thread, "made meanwhile").await));
            }
            query = format!("{path}?order={order}&limit=3&after={}", page["last_id"].as_str().unwrap());
        }
        // What is new stands at the end of the one order and before the first page of the other.
        if order == "desc" {
            all.truncate(7);
            all.reverse();
        }
        assert_eq!(seen, all, "{order}");
    }
}

#[tokio::test]
async fn every_list_with_cursors_keeps_to_its_parameters() {
    let (_emulator, client, _) = start().await;
    let agent = client.agent("").await;
    client.agent("").await;
    let (messages, _) = messages(&client, 2).await;
    let thread = messages.split('/').nth(2).unwrap();
    client.thread().await;
    for _ in 0..2 {
        let run = client.run(thread, &agent).await;
        client.complete(&run).await;
    }
    let files = client.files(2, 1).await;
    let store = id(&client.post("/vector_stores", json!({ "file_ids": files })).await.success());
    client.post("/vector_stores", json!({})).await.success();
    let store = format!("/vector_stores/{store}");
    let batch = client.post(&format!("{store}/file_batches"), json!({ "file_ids": files })).await.success();
    for path in [
        "/assistants".to_owned(),
        "/threads".to_owned(),
        messages.clone(),
        format!("/threads/{thread}/runs"),
        "/vector_stores".to_owned(),
        format!("{store}/files"),
        format!("{store}/file_batches/{}/files", id(&batch)),
    ] {
        let newest_first = ids(&client.get(&path).await.success());
        let mut oldest_first = ids(&client.get(&format!("{path}?order=asc")).await.success());
        oldest_first.reverse();
        assert_eq!(newest_first, oldest_first, "{path}");
        let [first, second] = &newest_first[..2] else { panic!("{path}") };
        let page = client.get(&format!("{path}?limit=1")).await.success();
        assert_eq!((ids(&page), page["has_more"] == true), (vec![first.clone()], true), "{path}");
        let page = client.get(&format!("{path}?limit=1&after={first}")).await.success();
        assert_eq!(ids(&page), std::slice::from_ref(second), "{path}");
        let page = client.get(&format!("{path}?limit=1&before={second}")).await.success();
        assert_eq!((ids(&page), page["has_more"] == false), (vec![first.clone()], true), "{path}");
        for wrong in ["limit=0", "limit=101", "order=up", "after=x", "before=x"] {
            let error = client.get(&format!("{path}?{wrong}")).await.error(400);
            assert_eq!(error["param"], wrong.split('=').next().unwrap(), "{path}");
        }
    }
}
