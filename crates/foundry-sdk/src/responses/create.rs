//! What a request for a response has beside its generated setters: its input, its agent, its format.

use crate::json_format::JsonFormat;
use crate::request::Request;
use crate::types::{AgentReference, OpenAiCreateResponseInput};
use crate::v1::{CreateResponse, Responses};

impl Responses {
    /// Has a model or an agent answer an input: a text, an item, or a list of items.
    ///
    /// [`agent`](Request::agent) says who answers, or [`model`](Request::model) which model.
    /// `.await` gives the response; [`stream`](Request::stream) gives it as it is written,
    /// [`with_functions`](Request::with_functions) answers what it asks for, and
    /// [`poll`](Request::poll) waits for one that is made in the background.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::types::OpenAiResponseInputItemParam as Item;
    ///
    /// let first = client.responses().create("Why is the sky blue?").model("gpt-4.1-mini").await?;
    /// println!("{}", first.output_text());
    /// let input = [Item::developer("Answer in one sentence."), Item::user("And at dusk?")];
    /// let second = client.responses().create(input).model("gpt-4.1-mini").previous_response_id(&first.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Images and files are said in parts, beside texts:
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> foundry_sdk::Result<()> {
    /// use foundry_sdk::responses::InputPart;
    /// use foundry_sdk::types::OpenAiResponseInputItemParam as Item;
    ///
    /// let image = InputPart::image_url("https://example.com/sky.png");
    /// let input = Item::user(["What is this?".into(), image, InputPart::file("assistant-1")]);
    /// let answer = client.responses().create(input).model("gpt-4.1-mini").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Sends `POST /openai/v1/responses`.
    ///
    /// # Errors
    /// Those of every request: see [`ErrorKind`](crate::ErrorKind). A response that failed is an
    /// answer like another: [`into_result`](crate::types::OpenAiResponse::into_result) makes it an error.
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput), before anything is sent, for what an agent
    /// decides itself: see [`agent`](Request::agent).
    pub fn create(&self, input: impl Into<OpenAiCreateResponseInput>) -> Request<CreateResponse> {
        self.create_without_input().input(input)
    }
}

impl Request<CreateResponse> {
    /// The agent that answers: a version as an answer gave it (which pins it), an agent, a name, or a
    /// name with a version, `("cowboy", "3")`.
    ///
    /// The agent has its own model, tools and format. `tools` and `text` beside it are refused before
    /// anything is sent, as the service refuses them.
    /// [`ProjectClient::agent`](crate::ProjectClient::agent) is the agent's own endpoint instead.
    pub fn agent(self, agent: impl Into<AgentReference>) -> Self {
        self.agent_reference(agent)
    }

    /// The form that the text is to have; [`output_as`](crate::types::OpenAiResponse::output_as) reads
    /// it.
    ///
    /// ```
    /// # async fn example(client: foundry_sdk::ProjectClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use foundry_sdk::JsonFormat;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct City {
    ///     name: String,
    ///     people: u64,
    /// }
    ///
    /// let request = client.responses().create("The largest city of Italy?").model("gpt-4.1-mini");
    /// let city: City = request.json_format(JsonFormat::of::<City>()?).await?.output_as()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json_format(mut self, format: JsonFormat) -> Self {
        let text = self.operation.body.text.take().unwrap_or_default();
        self.text(text.format(format))
    }
}
