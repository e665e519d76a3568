//! Keys and tokens are in no error and in nothing that is printed.

use std::error::Error;
use std::io;
use std::time::Duration;

use foundry_sdk::{AccessToken, Clock as _, Credential, RetryPolicy};
use futures_util::StreamExt as _;

use crate::calls::{Call, chat_request};
use crate::server::{Answer, PLANTED, Piece, RecordingClock, Server, builder};

/// An error as people print it, with all it comes from.
fn shown(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(" {error} {error:?}"));
        source = error.source();
    }
    text
}

fn credentials(clock: &RecordingClock) -> [Credential; 3] {
    let end = clock.system_time() + Duration::from_secs(3600);
    let given = Credential::from_fn(move |_| async move { Ok::<_, io::Error>(AccessToken::new(PLANTED, end)) });
    [Credential::api_key(PLANTED), Credential::token(PLANTED), given]
}

#[tokio::test]
async fn a_credential_is_shown_nowhere() {
    let clock = RecordingClock::new();
    for credential in credentials(&clock) {
        let mut printed = Vec::new();
        let servers = [
            Server::answering(401, r#"{"error":{"code":"Unauthorized","message":"No."}}"#).await,
            Server::answering(404, "<html>").await,
            Server::answering(500, "").await,
            Server::start([Answer::new(429, "").header("retry-after", "1")]).await,
            Server::start([Answer::events([Piece::Text("data: {}\n\n"), Piece::Break])]).await,
        ];
        let clients = servers.iter().map(Server::builder).chain([builder("http://127.0.0.1:1/api/projects/p")]);
        for builder in clients {
            let builder = builder.credential(credential.clone()).clock(clock.clone()).log_bodies(true);
            let client = builder.retry(RetryPolicy::new().max_attempts(2)).build().unwrap();
            for openai in [client.openai(), client.openai_for_agent("cowboy").unwrap()] {
                printed.push(format!("{openai:?} {openai:#?} {:?}", openai.config()));
                for call in Call::ALL {
                    if let Err(error) = call.send(&openai).await {
                        printed.push(shown(&error));
                    }
                }
                if let Ok(stream) = openai.chat().create_stream(chat_request()).await {
                    let errors = stream.filter_map(|event| async { event.err().map(|error| shown(&error)) });
                    printed.extend(errors.collect::<Vec<_>>().await);
                }
            }
        }
        for server in &servers {
            let asked = server.asked();
            let sent = |name: &str| asked.iter().all(|asked| asked.header(name).is_some_and(|it| it.contains(PLANTED)));
            assert!(!asked.is_empty() && (sent("api-key") || sent("authorization")));
        }
        assert!(printed.len() > 100, "{}", printed.len());
        for text in printed {
            assert!(!text.contains(PLANTED), "{text}");
        }
    }
}
