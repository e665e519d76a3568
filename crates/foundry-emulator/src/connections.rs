//! The connections and deployments that a new project has, and the secrets of connections.

use serde_json::{Value, json};

use crate::context::{Answer, Context};
use crate::error::ServiceError;
use crate::resources;
use crate::store::{Place, Store};
use crate::table::{CONNECTIONS, DEPLOYMENTS};

/// The key of every connection that has one. It opens nothing.
const KEY: &str = "emulator-connection-key";

/// `POST /connections/{name}/getConnectionWithCredentials`.
pub(crate) fn get_with_credentials(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let name = context.parameter(0);
    let place = Place { collection: CONNECTIONS.name, parents: &[], id: &name };
    let mut connection = resources::get(context, &CONNECTIONS, place)?.clone();
    if connection.pointer("/credentials/type") == Some(&json!("ApiKey")) {
        connection["credentials"]["key"] = KEY.into();
    }
    Ok(Answer::ok(connection))
}

/// Gives a new project what the service's portal would have set up.
pub(crate) fn furnish(store: &mut Store, project: &str) {
    for (name, model, capability) in [
        ("gpt-4.1-mini", "gpt-4.1-mini", "chat_completion"),
        ("gpt-4o", "gpt-4o", "chat_completion"),
        ("text-embedding-3-small", "text-embedding-3-small", "embeddings"),
    ] {
        let deployment = json!({
            "name": name,
            "type": "ModelDeployment",
            "modelName": model,
            "modelVersion": "1",
            "modelPublisher": "OpenAI",
            // The service writes booleans as text here.
            "capabilities": { capability: "true" },
            "sku": {
                "name": "GlobalStandard",
                "capacity": 1,
                "family": "",
                "size": "",
                "tier": "",
            },
        });
        put(store, DEPLOYMENTS.name, name, deployment);
    }
    for (name, kind, target, credentials, is_default) in [
        ("openai", "AzureOpenAI", "https://openai.example.com/", "ApiKey", true),
        ("storage", "AzureStorageAccount", "https://storage.example.com/", "AAD", true),
        ("search", "CognitiveSearch", "https://search.example.com/", "ApiKey", false),
    ] {
        let connection = json!({
            "name": name,
            "id": format!(
                "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulator\
                 /providers/Microsoft.CognitiveServices/accounts/emulator\
                 /projects/{project}/connections/{name}"
            ),
            "type": kind,
            "target": target,
            "isDefault": is_default,
            "credentials": { "type": credentials },
            "metadata": {},
        });
        put(store, CONNECTIONS.name, name, connection);
    }
}

fn put(store: &mut Store, collection: &'static str, id: &str, value: Value) {
    let place = Place { collection, parents: &[], id };
    store.put(place, value);
}
