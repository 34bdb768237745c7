//! A plugin whose handlers do what their configuration says.

use std::sync::{Arc, Mutex};

use tf_plugin::{
    ApplyRequest, ApplyResponse, Arguments, Attribute, AttributePath, ConfigureRequest, DataSource,
    Diagnostic, Diagnostics, Function, FunctionError, IdentityAttribute, IdentitySchema, ImportKey,
    ImportRequest, Imported, MoveRequest, Nesting, Parameter, PlanRequest, PlanResponse, Plugin,
    Provider, ReadDataRequest, ReadDataResponse, ReadRequest, ReadResponse, Resource, Schema,
    Signature, StopReason, Type, UpgradeRequest, ValidateRequest, Value, encode_msgpack,
};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::client::{Client, Outcome};
use crate::message::Message;

/// What the handlers did, and the gate that holds them.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lines: watch::Sender<Vec<String>>,
    gate: Notify,
    config: Mutex<Value>,
}

impl Log {
    fn say(&self, line: impl Into<String>) {
        let line = line.into();
        tracing::info!("{line}");
        self.0.lines.send_modify(|lines| lines.push(line));
    }

    pub(crate) async fn wait_for(&self, line: &str) {
        let mut lines = self.0.lines.subscribe();
        let there = lines.wait_for(|lines| lines.iter().any(|each| each == line));
        drop(crate::running::soon(there).await.expect("the log lives"));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lines.borrow().clone()
    }

    pub(crate) fn open_gate(&self) {
        self.0.gate.notify_one();
    }

    pub(crate) fn config(&self) -> Value {
        self.0.config.lock().expect("not poisoned").clone()
    }
}

/// Applies a thing of this mode, beside the test.
pub(crate) fn apply(client: &Client, mode: &str, name: &str) -> JoinHandle<Outcome> {
    let names = ["name", "mode", "size", "any", "disks", "id"];
    let thing = Value::object(names.map(|name| (name, Value::Null)));
    let planned = encode_msgpack(&thing.with("name", name).with("mode", mode));
    let request = Message::new()
        .bytes(1, "test_thing")
        .value(3, &planned)
        .value(4, &planned);
    let client = client.clone();
    tokio::spawn(async move { client.call("ApplyResourceChange", &request).await })
}

pub(crate) fn plugin(log: &Log) -> Plugin {
    Plugin::new(Config(log.clone()))
        .resource(Thing(log.clone()))
        .data_source(Echo)
        .function(Join)
        .function(Same)
        .function(Liar)
}

struct Config(Log);

impl Provider for Config {
    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("endpoint"),
            Attribute::string("token").sensitive(),
        ])
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        let at = request.config.at().attribute("endpoint")?;
        let warning = Diagnostic::warning("Plain HTTP").at(at.path().clone());
        match at.value().as_str() {
            Some(text) if text.starts_with("http:") => Ok(warning.into()),
            _ => Ok(Diagnostics::new()),
        }
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<Diagnostics, Diagnostics> {
        self.0
            .say(format!("configured by {}", request.terraform_version));
        *self.0.0.config.lock().expect("not poisoned") = request.config;
        Ok(Diagnostics::new())
    }
}

/// `mode` decides what apply does.
struct Thing(Log);

impl Thing {
    async fn wait_for_stop(&self, request: &ApplyRequest) -> StopReason {
        self.0.say("waiting");
        let reason = request.stop.stopped().await;
        self.0.say(format!("stopped: {reason:?}"));
        reason
    }

    async fn finish(&self, request: &ApplyRequest) {
        self.0.say("at the gate");
        self.0.0.gate.notified().await;
        self.0
            .say(format!("finished, stop: {:?}", request.stop.reason()));
    }
}

impl Resource for Thing {
    fn name(&self) -> String {
        "test_thing".into()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("name").required(),
            Attribute::string("mode"),
            Attribute::number("size").describe("In *GiB*."),
            Attribute::dynamic("any"),
            Attribute::nested("disks", Nesting::List, [Attribute::number("gb").required()]),
            Attribute::string("id").computed(),
        ])
        .version(3)
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new([IdentityAttribute::required(
            "name",
            Type::String,
        )]))
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        let mut findings = Diagnostics::new();
        for disk in request
            .config
            .at()
            .get::<Option<Vec<Value>>>("disks")?
            .into_iter()
            .flatten()
        {
            if disk.get("gb") == &Value::from(0) {
                let path = AttributePath::new("disks").index(1).attribute("gb");
                findings.push(
                    Diagnostic::error("Too small")
                        .detail("No disk of 0.")
                        .at(path),
                );
            }
        }
        findings.into_result()
    }

    fn seen(&self, state: &Value) {
        self.0.say(format!(
            "seen {}",
            state.get("id").as_str().unwrap_or("nothing")
        ));
    }

    async fn upgrade(&self, request: UpgradeRequest) -> Result<Value, Diagnostics> {
        let old = Type::object([("title", Type::String)]);
        let state = request
            .state(&old)
            .map_err(|error| Diagnostic::error(error.to_string()))?;
        Ok(Value::object([
            ("name", state.get("title").clone()),
            ("id", "upgraded".into()),
        ]))
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        match request.state.at().get::<String>("name")?.as_str() {
            "gone" => Ok(ReadResponse::gone()),
            _ => Ok(ReadResponse::new(request.state)),
        }
    }

    async fn plan(&self, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        let mut plan = PlanResponse::new(request.proposed.clone());
        if request.prior.get("name") != request.proposed.get("name") {
            plan.planned.set("id", Value::Unknown);
            plan.requires_replace.push(AttributePath::new("name"));
        }
        Ok(plan.with_private("planned"))
    }

    async fn apply(&self, request: ApplyRequest) -> Result<ApplyResponse, Diagnostics> {
        let name: String = request.planned.at().get("name")?;
        let state = request.planned.clone().with("id", format!("id-{name}"));
        match request.planned.get("mode").as_str() {
            Some("panic") => panic!("no {name}"),
            Some("fail") => Err(Diagnostic::error("Unable to make it").into()),
            Some("half") => {
                let partial = ApplyResponse::new(state.with("size", Value::Null));
                Ok(partial.with_diagnostic(Diagnostic::error("Half made")))
            }
            Some("wait") => {
                let reason = self.wait_for_stop(&request).await;
                let warning = Diagnostic::warning(format!("Parked: {reason:?}"));
                Ok(ApplyResponse::new(state).with_diagnostic(warning))
            }
            Some("gate") => {
                self.finish(&request).await;
                Ok(ApplyResponse::new(state))
            }
            Some("misfit") => Ok(ApplyResponse::new(
                state.with("size", "big").with("extra", true),
            )),
            _ => Ok(ApplyResponse::new(state)
                .with_private(request.private)
                .with_identity(Value::object([("name", name)]))),
        }
    }

    async fn import(&self, request: ImportRequest) -> Result<Imported, Diagnostics> {
        let name = match request.key {
            ImportKey::Id(id) => id,
            ImportKey::Identity(identity) => identity.at().get("name")?,
        };
        Ok(Imported::new(Value::object([("name", name)])).with_private("imported"))
    }

    async fn move_from(&self, request: MoveRequest) -> Result<Imported, Diagnostics> {
        let json = String::from_utf8_lossy(&request.source_json).into_owned();
        let name = format!("{} {} {json}", request.source_provider, request.source_type);
        Ok(Imported::new(Value::object([("name", name)])))
    }
}

struct Echo;

impl DataSource for Echo {
    fn name(&self) -> String {
        "test_echo".into()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("text").required(),
            Attribute::string("echo").computed(),
        ])
    }

    async fn read(&self, request: ReadDataRequest) -> Result<ReadDataResponse, Diagnostics> {
        let text: String = request.config.at().get("text")?;
        let echo = Value::object([("text", text.clone()), ("echo", text.repeat(2))]);
        Ok(ReadDataResponse::new(echo))
    }
}

/// `join(separator, parts...)`
struct Join;

impl Function for Join {
    fn name(&self) -> String {
        "join".into()
    }

    fn signature(&self) -> Signature {
        Signature::new([Parameter::new("separator", Type::String)], Type::String)
            .variadic(Parameter::new("parts", Type::Dynamic).nullable())
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let separator: String = arguments.get(0)?;
        let parts: Vec<String> = arguments.rest(1)?;
        Ok(parts.join(&separator).into())
    }
}

/// Returns its argument as `[argument, "x"]`, without saying its type.
struct Same;

impl Function for Same {
    fn name(&self) -> String {
        "same".into()
    }

    fn signature(&self) -> Signature {
        Signature::new([Parameter::new("value", Type::Dynamic)], Type::Dynamic)
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        Ok(Value::List(vec![arguments.value(0).clone(), "x".into()]))
    }
}

/// Returns another type than it says.
struct Liar;

impl Function for Liar {
    fn name(&self) -> String {
        "liar".into()
    }

    fn signature(&self) -> Signature {
        Signature::new([], Type::object([("a", Type::Number)]))
    }

    fn call(&self, _: Arguments) -> Result<Value, FunctionError> {
        Ok(Value::object([("a", true)]))
    }
}
