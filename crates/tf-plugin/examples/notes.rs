//! A complete small provider: notes, each a file in one directory.
//!
//! ```hcl
//! provider "notes" { directory = "/tmp/notes" }
//! resource "notes_note" "first" {
//!   name = "first"
//!   text = "hello"
//! }
//! output "slug" { value = provider::notes::slug("Hello, World") }
//! ```
//!
//! To try it, copy the executable to
//! `~/.terraform.d/plugins/terraform.local/example/notes/0.1.0/linux_amd64/terraform-provider-notes`
//! and ask for `source = "terraform.local/example/notes"`. Or run it with `reattach` as its argument and put the
//! entry that it prints into `TF_REATTACH_PROVIDERS`.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tf_plugin::{
    ApplyRequest, ApplyResponse, Arguments, Attribute, AttributePath, Change, ConfigureRequest,
    DataSource, Diagnostic, Diagnostics, Environment, Function, FunctionError, IdentityAttribute,
    IdentitySchema, ImportKey, ImportRequest, Imported, Known, Mode, Parameter, PlanRequest,
    PlanResponse, Plugin, Provider, ReadDataRequest, ReadDataResponse, ReadRequest, ReadResponse,
    Resource, Schema, Signature, Stop, Type, ValidateRequest, Value, serve,
};

/// What the parts share: the directory, once the provider block is known.
#[derive(Clone, Default)]
struct Shelf(Arc<OnceLock<PathBuf>>);

impl Shelf {
    fn file(&self, name: &str) -> Result<PathBuf, Diagnostic> {
        let directory = self
            .0
            .get()
            .ok_or_else(|| Diagnostic::error("No directory configured"))?;
        Ok(directory.join(name))
    }

    fn read(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        match std::fs::read_to_string(self.file(name)?) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", name, &error)),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this example does not depend on our file crate"
    )]
    fn write(&self, name: &str, text: &str) -> Result<(), Diagnostic> {
        std::fs::write(self.file(name)?, text).map_err(|error| failed("write", name, &error))
    }

    fn remove(&self, name: &str) -> Result<(), Diagnostic> {
        match std::fs::remove_file(self.file(name)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(failed("remove", name, &error))
            }
            _ => Ok(()),
        }
    }
}

fn failed(what: &str, name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("Unable to {what} note {name}")).detail(error.to_string())
}

struct Notes(Shelf);

impl Provider for Notes {
    fn schema(&self) -> Schema {
        Schema::new([Attribute::string("directory")
            .required()
            .describe("Where the notes are.")])
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<Diagnostics, Diagnostics> {
        if let Known::Now(directory) = request.config.at().get::<Known<String>>("directory")? {
            self.0.0.get_or_init(|| directory.into());
        }
        Ok(Diagnostics::new())
    }
}

struct Note(Shelf);

impl Note {
    fn state(name: &str, text: &str, seconds: Option<u32>, is_written: bool) -> Value {
        Value::object([
            ("name", Value::from(name)),
            ("text", text.into()),
            ("seconds", seconds.into()),
            ("length", text.chars().count().to_string().into()),
            ("written", is_written.into()),
        ])
    }

    fn identity_of(name: &str) -> Value {
        Value::object([("name", name)])
    }
}

impl Resource for Note {
    fn name(&self) -> String {
        "notes_note".into()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("name")
                .required()
                .describe("The name of the file."),
            Attribute::string("text")
                .required()
                .describe("What it says."),
            Attribute::number("seconds").describe("How long writing takes."),
            Attribute::string("length")
                .computed()
                .describe("The number of characters."),
            Attribute::bool("written")
                .computed()
                .describe("Whether the writing came to its end."),
        ])
        .describe("A note.")
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new([IdentityAttribute::required(
            "name",
            Type::String,
        )]))
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        let config = request.config.at();
        match config.get::<Known<String>>("name")? {
            Known::Now(name) if name.contains('/') => {
                let name = config.attribute("name")?;
                Err(name
                    .error("Bad name", "The name of a note must not contain `/`.")
                    .into())
            }
            _ => Ok(Diagnostics::new()),
        }
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        let name: String = request.state.at().get("name")?;
        let Some(text) = self.0.read(&name)? else {
            return Ok(ReadResponse::gone());
        };
        let is_written = request
            .state
            .at()
            .get::<Option<bool>>("written")?
            .unwrap_or(true);
        let state = Self::state(&name, &text, request.state.at().get("seconds")?, is_written);
        Ok(ReadResponse::new(state).with_identity(Self::identity_of(&name)))
    }

    async fn plan(&self, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        let mut plan = PlanResponse::new(request.proposed.clone());
        if request.change() == Change::Delete {
            return Ok(plan);
        }
        // An unfinished note is planned anew even if nothing else changed.
        if request.proposed != request.prior || request.prior.get("written") != &true.into() {
            plan.planned.set("length", Value::Unknown);
            plan.planned.set("written", Value::Unknown);
        }
        if request.change() == Change::Update
            && request.prior.get("name") != request.proposed.get("name")
        {
            plan.requires_replace.push(AttributePath::new("name"));
        }
        Ok(plan)
    }

    async fn apply(&self, request: ApplyRequest) -> Result<ApplyResponse, Diagnostics> {
        if request.change() == Change::Delete {
            self.0.remove(&request.prior.at().get::<String>("name")?)?;
            return Ok(ApplyResponse::deleted());
        }
        let planned = request.planned.at();
        let (name, text): (String, String) = (planned.get("name")?, planned.get("text")?);
        let seconds: Option<u32> = planned.get("seconds")?;
        self.0.write(&name, &text)?;
        let is_written = wait(seconds.unwrap_or(0), &request.stop).await;
        let state = Self::state(&name, &text, seconds, is_written);
        let applied = ApplyResponse::new(state).with_identity(Self::identity_of(&name));
        if is_written {
            return Ok(applied);
        }
        let warning = Diagnostic::warning(format!("Writing {name} was interrupted"));
        Ok(applied.with_diagnostic(warning.detail("The next apply goes on from here.")))
    }

    async fn import(&self, request: ImportRequest) -> Result<Imported, Diagnostics> {
        let name = match request.key {
            ImportKey::Id(name) => name,
            ImportKey::Identity(identity) => identity.at().get("name")?,
        };
        let state = Value::object([("name", &name)]);
        Ok(Imported::new(state).with_identity(Self::identity_of(&name)))
    }
}

/// Waits; false if it had to stop before the time.
async fn wait(seconds: u32, stop: &Stop) -> bool {
    let time = Duration::from_secs(seconds.into());
    tokio::time::timeout(time, stop.stopped()).await.is_err()
}

struct NoteData(Shelf);

impl DataSource for NoteData {
    fn name(&self) -> String {
        "notes_note".into()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("name").required(),
            Attribute::string("text").computed(),
        ])
    }

    async fn read(&self, request: ReadDataRequest) -> Result<ReadDataResponse, Diagnostics> {
        let name: String = request.config.at().get("name")?;
        let text = self.0.read(&name)?.ok_or_else(|| {
            request
                .config
                .at()
                .error("No such note", format!("There is no note `{name}`."))
        })?;
        Ok(ReadDataResponse::new(Value::object([
            ("name", name),
            ("text", text),
        ])))
    }
}

struct Slug;

impl Function for Slug {
    fn name(&self) -> String {
        "slug".into()
    }

    fn signature(&self) -> Signature {
        let text = Parameter::new("text", Type::String);
        Signature::new([text], Type::String).summary("Makes a file name of a text")
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let text: String = arguments.get(0)?;
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let slug: Vec<_> = words.map(str::to_lowercase).collect();
        if slug.is_empty() {
            return Err(FunctionError::at(0, "the text has no word in it"));
        }
        Ok(slug.join("-").into())
    }
}

/// Takes and returns any value: the exact round trip of a dynamic one.
struct Same;

impl Function for Same {
    fn name(&self) -> String {
        "same".into()
    }

    fn signature(&self) -> Signature {
        let value = Parameter::new("value", Type::Dynamic).nullable();
        Signature::new([value], Type::Dynamic).summary("Returns its argument")
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        Ok(arguments.value(0).clone())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment is read"
)]
fn environment() -> Environment {
    let mode = match std::env::args().nth(1).as_deref() {
        Some("reattach") => Mode::Reattach,
        _ => Mode::Managed,
    };
    Environment::read(mode, |name| std::env::var(name).ok())
}

#[tokio::main]
async fn main() -> ExitCode {
    let shelf = Shelf::default();
    let plugin = Plugin::new(Notes(shelf.clone()))
        .resource(Note(shelf.clone()))
        .data_source(NoteData(shelf))
        .function(Slug)
        .function(Same);
    match serve(plugin, environment()).await {
        Ok(_) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "the one message of an executable")]
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
