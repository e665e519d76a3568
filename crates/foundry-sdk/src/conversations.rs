//! What conversations have beside their generated requests: the short way to say something.

use crate::request::Request;
use crate::types::OpenAiItemCreateParamsItemsItem;
use crate::v1::{Conversations, CreateConversationItems};

impl Conversations {
    /// Adds an item to a conversation; a text is what the user says.
    ///
    /// [`create_items`](Self::create_items) adds several at once, up to 20.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::types::OpenAiItemCreateParamsItemsItem as Item;
    ///
    /// let conversations = client.conversations();
    /// let conversation = conversations.create().items([Item::developer("Be brief.")]).await?;
    /// conversations.say(&conversation.id, "Why is the sky blue?").await?;
    /// let answer = client.responses().create_without_input().conversation(&conversation).agent("cowboy").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /openai/v1/conversations/{conversation_id}/items`.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`](crate::ErrorKind).
    pub fn say(
        &self,
        conversation_id: impl Into<String>,
        item: impl Into<OpenAiItemCreateParamsItemsItem>,
    ) -> Request<CreateConversationItems> {
        self.create_items(conversation_id, [item])
    }
}
