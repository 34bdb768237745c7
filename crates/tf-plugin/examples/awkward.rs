//! A provider that misbehaves on demand, each way one that a real provider is known for.
//!
//! What makes a second plan differ, or makes it look as if nothing did, lives in providers. This one has
//! each of those faults under a name, so that whoever judges plans can be tried on plans that a real
//! Terraform made.
//!
//! ```hcl
//! provider "awkward" { directory = "things" }
//! resource "awkward_thing" "one" {
//!   name  = "one"
//!   habit = "restless"
//! }
//! ```
//!
//! The real object of a thing is the file `NAME` in the directory, whose content is its `text`; a file
//! `NAME.addresses` is what an agent reports, a line for each address.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use tf_plugin::{
    ApplyRequest, ApplyResponse, Attribute, Change, ConfigureRequest, Diagnostic, Diagnostics,
    Environment, ImportRequest, Imported, Known, Mode, PlanRequest, PlanResponse, Plugin, Provider,
    ReadRequest, ReadResponse, Resource, Schema, Type, Value, serve,
};

#[derive(Clone, Default)]
struct Place(Arc<OnceLock<PathBuf>>);

impl Place {
    fn file(&self, name: &str) -> Result<PathBuf, Diagnostic> {
        let directory = self.0.get();
        let directory = directory.ok_or_else(|| Diagnostic::error("No directory configured"))?;
        Ok(directory.join(name))
    }

    fn read(&self, name: &str) -> Result<Option<String>, Diagnostic> {
        match std::fs::read_to_string(self.file(name)?) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", name, &error)),
        }
    }

    fn addresses(&self, name: &str) -> Result<Value, Diagnostic> {
        let text = self.read(&format!("{name}.addresses"))?.unwrap_or_default();
        Ok(Value::List(text.lines().map(Value::from).collect()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this example does not depend on our file crate"
    )]
    fn write(&self, name: &str, text: &str) -> Result<(), Diagnostic> {
        let (folder, file) = (self.file("")?, self.file(name)?);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(file, text))
            .map_err(|error| failed("write", name, &error))
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
    Diagnostic::error(format!("Unable to {what} {name}")).detail(error.to_string())
}

struct Awkward(Place);

impl Provider for Awkward {
    fn schema(&self) -> Schema {
        Schema::new([Attribute::string("directory")
            .required()
            .describe("Where the things are.")])
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<Diagnostics, Diagnostics> {
        if let Known::Now(directory) = request.config.at().get::<Known<String>>("directory")? {
            self.0.0.get_or_init(|| directory.into());
        }
        Ok(Diagnostics::new())
    }
}

/// What a thing does wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Nothing.
    Good,
    /// Every plan has a new stamp to compute.
    Restless,
    /// It answers the state when it is asked for the real object.
    Blind,
    /// It reads back an empty map where none was set.
    Empty,
    /// It reads back the list in another order.
    Shuffled,
    /// It fails when it is made.
    Broken,
    /// It reads back the text in capitals.
    Shouting,
}

impl Habit {
    fn of(value: &Value) -> Result<Self, Diagnostic> {
        let word: Option<String> = value.at().get("habit")?;
        Ok(match word.as_deref() {
            None => Self::Good,
            Some("restless") => Self::Restless,
            Some("blind") => Self::Blind,
            Some("empty") => Self::Empty,
            Some("shuffled") => Self::Shuffled,
            Some("broken") => Self::Broken,
            Some("shouting") => Self::Shouting,
            Some(other) => return Err(Diagnostic::error(format!("There is no habit `{other}`"))),
        })
    }
}

struct Thing(Place);

const NAME: &str = "name";

impl Thing {
    fn observed(&self, state: &Value, text: &str) -> Result<Value, Diagnostic> {
        let mut seen = state.clone();
        let name: String = state.at().get(NAME)?;
        seen.set("text", text);
        seen.set("addresses", self.0.addresses(&name)?);
        match Habit::of(state)? {
            Habit::Empty => {
                seen.set("labels", Value::Map([].into()));
            }
            Habit::Shuffled => {
                if let Value::List(items) = state.get("items").clone() {
                    seen.set("items", Value::List(items.into_iter().rev().collect()));
                }
            }
            Habit::Shouting => {
                seen.set("text", text.to_uppercase());
            }
            Habit::Good | Habit::Restless | Habit::Blind | Habit::Broken => {}
        }
        Ok(seen)
    }
}

impl Resource for Thing {
    fn name(&self) -> String {
        "awkward_thing".into()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string(NAME).required(),
            Attribute::string("habit").describe("What it does wrong."),
            Attribute::string("text").optional_computed(),
            Attribute::map("labels", Type::String).optional_computed(),
            Attribute::list("items", Type::String).optional_computed(),
            Attribute::string("secret").sensitive(),
            Attribute::string("password_wo").write_only(),
            Attribute::string("secret_copy")
                .computed()
                .describe("A copy of `secret` that nobody marked."),
            Attribute::string("stamp").computed(),
            Attribute::list("addresses", Type::String)
                .computed()
                .describe("What an agent reports."),
        ])
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        if Habit::of(&request.state)? == Habit::Blind {
            return Ok(ReadResponse::new(request.state.clone()));
        }
        let name: String = request.state.at().get(NAME)?;
        match self.0.read(&name)? {
            None => Ok(ReadResponse::gone()),
            Some(text) => Ok(ReadResponse::new(self.observed(&request.state, &text)?)),
        }
    }

    async fn plan(&self, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        let mut plan = PlanResponse::new(request.proposed.clone());
        if request.change() == Change::Delete {
            return Ok(plan);
        }
        plan.planned.set("password_wo", Value::Null);
        let restless = Habit::of(&request.proposed)? == Habit::Restless;
        if restless || request.change() == Change::Create {
            plan.planned.set("stamp", Value::Unknown);
        }
        if request.change() == Change::Create {
            for computed in ["secret_copy", "addresses", "text", "labels", "items"] {
                if plan.planned.get(computed) == &Value::Null {
                    plan.planned.set(computed, Value::Unknown);
                }
            }
        }
        Ok(plan)
    }

    async fn apply(&self, request: ApplyRequest) -> Result<ApplyResponse, Diagnostics> {
        if request.change() == Change::Delete {
            self.0.remove(&request.prior.at().get::<String>(NAME)?)?;
            return Ok(ApplyResponse::deleted());
        }
        let mut made = request.planned.clone();
        let name: String = made.at().get(NAME)?;
        if Habit::of(&made)? == Habit::Broken {
            return Err(Diagnostic::error(format!("{name} cannot be made")).into());
        }
        let text = made.at().get::<Known<Option<String>>>("text")?;
        let text = match text {
            Known::Now(text) => text.unwrap_or_default(),
            Known::Later => String::new(),
        };
        self.0.write(&name, &text)?;
        made.set("text", text);
        for (computed, value) in [
            ("labels", Value::Null),
            ("items", Value::Null),
            ("secret_copy", made.get("secret").clone()),
            ("stamp", "made".into()),
            ("addresses", self.0.addresses(&name)?),
        ] {
            if made.get(computed).is_unknown() {
                made.set(computed, value);
            }
        }
        Ok(ApplyResponse::new(made))
    }

    async fn import(&self, _: ImportRequest) -> Result<Imported, Diagnostics> {
        Err(Diagnostic::error("A thing cannot be imported").into())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment is read"
)]
fn environment() -> Environment {
    Environment::read(Mode::Managed, |name| std::env::var(name).ok())
}

#[tokio::main]
async fn main() -> ExitCode {
    let place = Place::default();
    let plugin = Plugin::new(Awkward(place.clone())).resource(Thing(place));
    match serve(plugin, environment()).await {
        Ok(_) => ExitCode::SUCCESS,
        #[expect(clippy::print_stderr, reason = "the one message of an executable")]
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
