//! Lists: order, cursors, sizes, links.

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
    let (emulator, client, _) = start().await;
    let versions: Vec<String> = (1..=45).map(|number| number.to_string()).collect();
    for version in &versions {
        let path = format!("/datasets/a%20name/versions/{version}");
        let body = json!({ "type": "uri_file", "dataUri": "https://example.com/data" });
        client.call("PATCH", &path, Some(body)).await.success();
    }
    let mut seen: Vec<String> = Vec::new();
    let mut sizes = Vec::new();
    let mut page = client.get("/datasets/a%20name/versions").await.success();
    loop {
        let elements = page["value"].as_array().unwrap();
        sizes.push(elements.len());
        seen.extend(elements.iter().map(|one| one["version"].as_str().unwrap().to_owned()));
        let Some(link) = page["nextLink"].as_str() else {
            break;
        };
        // The link holds all that is needed but the credential.
        let path = link.strip_prefix(emulator.endpoint()).unwrap();
        let request = client.bare("GET", path).header("api-key", "a");
        page = client.send(request).await.success();
    }
    assert_eq!(sizes, [20, 20, 5]);
    assert_eq!(seen, versions);

    let error = client.get("/datasets/a%20name/versions?continuationToken=x").await.error(400);
    assert_eq!(error["param"], "continuationToken");
}
