//! Creating threads, with the messages that they begin with.

use serde_json::{Map, Value};

use crate::context::{Answer, Context};
use crate::error::ServiceError;
use crate::store::Place;
use crate::table::THREADS;
use crate::{documents, messages, resources};

/// `POST /threads`.
pub(crate) fn create(context: &mut Context<'_>) -> Result<Answer, ServiceError> {
    let given = std::mem::take(&mut context.body);
    add(context, given).map(Answer::ok)
}

/// Makes a thread and its first messages.
pub(crate) fn add(context: &mut Context<'_>, mut given: Map<String, Value>) -> Result<Value, ServiceError> {
    let first_messages = given.remove("messages");
    let thread = resources::insert(context, &THREADS, &[], given)?;
    let id = documents::text(&thread, "id");
    messages::add_all(context, id, first_messages)?;
    // Files that come with messages have changed what its tools work with.
    resources::get(context, &THREADS, Place { collection: THREADS.name, parents: &[], id }).cloned()
}
