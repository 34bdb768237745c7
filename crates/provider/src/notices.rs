//! `eminfra_notices`: says warnings about inputs that work.
//!
//! Neither a variable nor a function of a provider can warn, and a failing `check` block means that something is wrong:
//! `em-infra gate` does not pass with one. A data source may warn, so this one does, and nothing else.

use tf_plugin::{
    Attribute, DataSource, Diagnostic, Diagnostics, ReadDataRequest, ReadDataResponse, Schema, Type,
};

/// The data source `eminfra_notices`.
pub struct Notices;

impl DataSource for Notices {
    fn name(&self) -> String {
        "eminfra_notices".to_owned()
    }

    fn schema(&self) -> Schema {
        let messages = Attribute::list("messages", Type::String)
            .required()
            .describe("What to say, a warning each.");
        Schema::new([messages]).describe("Says warnings at plan. It reads nothing.")
    }

    async fn read(&self, request: ReadDataRequest) -> Result<ReadDataResponse, Diagnostics> {
        let messages: Vec<String> = request.config.at().get("messages")?;
        let mut response = ReadDataResponse::new(request.config);
        for message in messages {
            response.diagnostics.push(warning(&message));
        }
        Ok(response)
    }
}

/// Terraform folds warnings with the same summary into one, so the message is the summary up to its first `;`.
fn warning(message: &str) -> Diagnostic {
    match message.split_once("; ") {
        Some((summary, detail)) => Diagnostic::warning(summary).detail(detail),
        None => Diagnostic::warning(message),
    }
}
