//! The budget of attempts beyond the first, which the calls of a client share.

use foundry_sdk::{ProjectClient, RetryPolicy};

use crate::common::{Call, RecordingClock, Scripted, answer};

/// How often a call of this client is sent.
async fn attempts(scripted: &Scripted, client: &ProjectClient) -> usize {
    let before = scripted.count();
    let _ = Call::Get.send(client).await;
    scripted.count() - before
}

/// Calls until a call is sent once; says how many calls that took.
async fn use_up(scripted: &Scripted, client: &ProjectClient) -> usize {
    let mut calls = 1;
    while attempts(scripted, client).await > 1 {
        calls += 1;
        assert!(calls < 1000, "they go on for ever");
    }
    calls
}

#[tokio::test]
async fn an_outage_uses_it_up_and_successes_fill_it() {
    let scripted = Scripted::always(answer(503).header("retry-after", "1"));
    let client = scripted.client(&RecordingClock::new(), 4);
    assert_eq!(attempts(&scripted, &client).await, 4);

    // However long the outage is, there is an end of repetitions.
    let calls = use_up(&scripted, &client).await;
    let spent = scripted.count();
    assert!(calls > 5, "a few failures are not an outage: {calls}");
    for _ in 0..20 {
        assert_eq!(attempts(&scripted, &client).await, 1);
    }
    // Clones of a client share it, and so do their calls of other kinds.
    assert_eq!(attempts(&scripted, &client.clone()).await, 1);
    let before = scripted.count();
    Call::Delete.send(&client).await.unwrap_err();
    assert_eq!(scripted.count() - before, 1);
    // A policy of the call's own does not help.
    let policy = RetryPolicy::new().max_attempts(10);
    let before = scripted.count();
    client.classic().threads().get("thread_1").retry(policy).await.unwrap_err();
    assert_eq!(scripted.count() - before, 1);
    // Another client has its own.
    let other = scripted.client(&RecordingClock::new(), 4);
    assert_eq!(attempts(&scripted, &other).await, 4);

    // When the service is well again, so are we: after many successes it is as at first.
    let success = answer(200).body(Call::Get.success());
    scripted.go_on([success.clone()]);
    for _ in 0..2000 {
        assert_eq!(attempts(&scripted, &client).await, 1);
    }
    scripted.go_on([answer(503).header("retry-after", "1")]);
    let before = scripted.count();
    use_up(&scripted, &client).await;
    assert_eq!(scripted.count() - before, spent);
}

/// Little by little: one success does not pay for a repetition.
#[tokio::test]
async fn repetitions_cost_more_than_a_success_gives() {
    let scripted = Scripted::always(answer(503));
    let client = scripted.client(&RecordingClock::new(), 2);
    use_up(&scripted, &client).await;
    // Half of the calls fail: fewer than half of the failures are repeated.
    let mut repeated = 0;
    for _ in 0..100 {
        scripted.go_on([answer(200).body(Call::Get.success())]);
        attempts(&scripted, &client).await;
        scripted.go_on([answer(503)]);
        repeated += attempts(&scripted, &client).await - 1;
    }
    assert!((1..50).contains(&repeated), "{repeated}");
}

/// A repetition that helps costs nothing in the end.
#[tokio::test]
async fn what_helps_is_not_used_up() {
    let scripted = Scripted::always(answer(503));
    let client = scripted.client(&RecordingClock::new(), 2);
    for _ in 0..300 {
        scripted.go_on([answer(503), answer(200).body(Call::Get.success())]);
        Call::Get.send(&client).await.unwrap();
    }
}
