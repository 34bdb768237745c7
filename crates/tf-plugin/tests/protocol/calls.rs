//! Each call of the protocol, asked by field number over real TCP.

use crate::client::Client;
use crate::message::Message;
use crate::running::Running;
use crate::thing::{Log, plugin};
use tf_plugin::{Type, Value, decode_msgpack, encode_msgpack};

async fn client(log: &Log) -> Client {
    let server = Running::reattach(plugin(log)).await;
    Client::plaintext(&server.handshake)
        .await
        .expect("a connection")
}

async fn ask(method: &str, request: Message) -> Message {
    client(&Log::default())
        .await
        .call(method, &request)
        .await
        .expect("an answer")
}

fn thing_type() -> Type {
    Type::object([
        ("name", Type::String),
        ("mode", Type::String),
        ("size", Type::Number),
        ("any", Type::Dynamic),
        ("disks", Type::list(Type::object([("gb", Type::Number)]))),
        ("id", Type::String),
    ])
}

fn thing(attributes: &[(&str, Value)]) -> Value {
    let names = ["name", "mode", "size", "any", "disks", "id"];
    let mut thing = Value::object(names.map(|name| (name, Value::Null)));
    for (name, value) in attributes {
        thing.set(*name, value.clone());
    }
    thing
}

fn typed(config: &Value) -> Message {
    Message::new()
        .bytes(1, "test_thing")
        .value(2, encode_msgpack(config))
}

fn change(prior: &Value, after: &Value) -> Message {
    typed(prior)
        .value(3, encode_msgpack(after))
        .value(4, encode_msgpack(after))
}

fn state(answer: &Message, field: u32) -> Value {
    decode_msgpack(&thing_type(), &answer.msgpack(field)).expect("a thing")
}

fn identity(name: &str) -> Message {
    let identity = encode_msgpack(&Value::object([("name", name)]));
    Message::new().value(1, identity)
}

#[tokio::test]
async fn the_schema_is_complete() {
    let answer = ask("GetProviderSchema", Message::new()).await;
    let block = answer.inner(1).inner(2);
    let token = &block.inners(2)[1];
    assert_eq!(
        (token.text(1), token.text(2), token.number(7)),
        ("token".into(), "\"string\"".into(), 1)
    );

    let thing = answer.entry(2, "test_thing");
    assert_eq!(thing.number(1), 3);
    let attributes = thing.inner(2).inners(2);
    let flags = |at: usize| {
        (
            attributes[at].text(1),
            [4, 5, 6].map(|flag| attributes[at].number(flag)),
        )
    };
    assert_eq!(flags(0), ("name".into(), [1, 0, 0]));
    assert_eq!(flags(2), ("size".into(), [0, 1, 0]));
    assert_eq!(flags(5), ("id".into(), [0, 0, 1]));
    assert_eq!(
        (attributes[2].text(3), attributes[2].number(8)),
        ("In *GiB*.".into(), 1)
    );
    assert_eq!(attributes[3].text(2), "\"dynamic\"");
    let disks = attributes[4].inner(10);
    assert_eq!((attributes[4].text(2), disks.number(3)), (String::new(), 2));
    assert_eq!(disks.inners(1)[0].text(1), "gb");

    assert_eq!(answer.entry(3, "test_echo").inner(2).inners(2).len(), 2);
    assert_eq!(
        [1, 2, 3].map(|flag| answer.inner(6).number(flag)),
        [1, 1, 1]
    );
    let join = answer.entry(7, "join");
    assert_eq!(join.inners(1)[0].text(1), "separator");
    assert_eq!(
        (join.inner(2).text(1), join.inner(2).number(3)),
        ("parts".into(), 1)
    );
    assert_eq!(join.inner(3).text(1), "\"string\"");
}

#[tokio::test]
async fn functions_and_identities_can_be_asked_for_alone() {
    let functions = ask("GetFunctions", Message::new()).await;
    assert_eq!(functions.inners(1).len(), 3);
    let identities = ask("GetResourceIdentitySchemas", Message::new()).await;
    let name = identities.entry(1, "test_thing").inner(2);
    assert_eq!(
        (name.text(1), name.text(2), name.number(3)),
        ("name".into(), "\"string\"".into(), 1)
    );
}

#[tokio::test]
async fn the_provider_block_is_checked_and_taken_over() {
    let log = Log::default();
    let client = client(&log).await;
    let config = Value::object([
        ("endpoint", Value::from("http://x")),
        ("token", Value::Unknown),
    ]);
    let sent = encode_msgpack(&config);
    let checked = client
        .call("ValidateProviderConfig", &Message::new().value(1, &sent))
        .await
        .unwrap();
    assert_eq!(
        checked.diagnostics(2),
        ["warning at endpoint: Plain HTTP: "]
    );
    let request = Message::new().bytes(1, "1.11.4").value(2, &sent);
    let configured = client.call("ConfigureProvider", &request).await.unwrap();
    assert_eq!(configured, Message::new());
    assert_eq!(
        (log.lines(), log.config()),
        (vec!["configured by 1.11.4".into()], config)
    );
}

#[tokio::test]
async fn a_finding_points_into_the_second_element() {
    let disks = Value::list([Value::object([("gb", 1)]), Value::object([("gb", 0)])]);
    let answer = ask("ValidateResourceConfig", typed(&thing(&[("disks", disks)]))).await;
    assert_eq!(
        answer.diagnostics(1),
        ["error at disks/1/gb: Too small: No disk of 0."]
    );
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named_by_its_place() {
    let disks = Value::list([Value::object([("gb", true)])]);
    let answer = ask("ValidateResourceConfig", typed(&thing(&[("disks", disks)]))).await;
    let message = "error at disks/0/gb: Unable to decode the configuration: \
                   `disks[0].gb`: expected a number, found a bool.";
    assert_eq!(answer.diagnostics(1), [message]);
}

#[tokio::test]
async fn a_create_plans_what_it_does_not_know() {
    let wanted = thing(&[("name", "a".into()), ("size", Value::Unknown)]);
    let answer = ask("PlanResourceChange", change(&Value::Null, &wanted)).await;
    assert_eq!(state(&answer, 1), wanted.with("id", Value::Unknown));
    assert_eq!(answer.inners(2).len(), 1);
    assert_eq!(answer.inner(2).inner(1).text(1), "name");
    assert_eq!(
        (answer.raw(3), answer.diagnostics(4)),
        (&b"planned"[..], vec![])
    );
}

#[tokio::test]
async fn an_update_keeps_the_identity() {
    let before = thing(&[("name", "a".into()), ("id", "id-a".into())]);
    let request = change(&before, &before).message(8, &identity("a"));
    let answer = ask("PlanResourceChange", request).await;
    assert_eq!(state(&answer, 1), before);
    assert_eq!((answer.inners(2), answer.inner(7)), (vec![], identity("a")));
}

#[tokio::test]
async fn exact_numbers_and_dynamic_values_go_through_untouched() {
    let big = tf_plugin::Number::parse("123456789012345678901234567890.25").unwrap();
    let inner = Value::object([("l", Value::list([Value::from(1), Value::Null]))]);
    let ty = Type::object([("l", Type::list(Type::Number))]);
    let wanted = thing(&[
        ("name", "a".into()),
        ("size", big.into()),
        ("any", Value::dynamic(ty, inner)),
        ("id", "id-a".into()),
    ]);
    let answer = ask("PlanResourceChange", change(&wanted, &wanted)).await;
    assert_eq!(answer.msgpack(1), encode_msgpack(&wanted));
}

#[tokio::test]
async fn an_apply_returns_state_private_data_and_identity() {
    let wanted = thing(&[("name", "a".into()), ("id", Value::Unknown)]);
    let request = change(&Value::Null, &wanted).bytes(5, "kept");
    let answer = ask("ApplyResourceChange", request).await;
    assert_eq!(state(&answer, 1), wanted.with("id", "id-a"));
    assert_eq!(
        (answer.raw(2), answer.diagnostics(3)),
        (&b"kept"[..], vec![])
    );
    assert_eq!(answer.inner(5), identity("a"));
}

#[tokio::test]
async fn a_half_made_object_is_kept_beside_its_error() {
    let wanted = thing(&[
        ("name", "a".into()),
        ("mode", "half".into()),
        ("size", 5.into()),
    ]);
    let answer = ask("ApplyResourceChange", change(&Value::Null, &wanted)).await;
    assert_eq!(state(&answer, 1).get("id"), &Value::from("id-a"));
    assert_eq!(answer.diagnostics(3), ["error at : Half made: "]);
}

#[tokio::test]
async fn a_failed_apply_answers_no_state() {
    let wanted = thing(&[("name", "a".into()), ("mode", "fail".into())]);
    let answer = ask("ApplyResourceChange", change(&Value::Null, &wanted)).await;
    assert_eq!(
        (answer.raw(1), answer.diagnostics(3)),
        (&b""[..], vec!["error at : Unable to make it: ".into()])
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_and_reported() {
    let wanted = thing(&[
        ("name", "a".into()),
        ("mode", "misfit".into()),
        ("size", 5.into()),
    ]);
    let answer = ask("ApplyResourceChange", change(&Value::Null, &wanted)).await;
    assert_eq!(
        state(&answer, 1),
        wanted.with("size", Value::Null).with("id", "id-a")
    );
    let messages = answer.diagnostics(3);
    let fault = "This is a fault of the provider, not of the configuration: please report it.";
    let start = "error at : The provider's answer does not fit its schema:";
    assert_eq!(
        messages,
        [
            format!("{start} `size` is a string, not a number. {fault}"),
            format!("{start} `extra` is not in the schema. {fault}"),
        ]
    );
}

#[tokio::test]
async fn a_read_keeps_what_the_handler_does_not_change() {
    let known = thing(&[("name", "a".into())]);
    let request = typed(&known).bytes(3, "private").message(6, &identity("a"));
    let answer = ask("ReadResource", request).await;
    assert_eq!(state(&answer, 1), known);
    assert_eq!(
        (answer.raw(3), answer.inner(5)),
        (&b"private"[..], identity("a"))
    );
}

#[tokio::test]
async fn an_object_that_is_gone_reads_as_null_without_identity() {
    let request = typed(&thing(&[("name", "gone".into())])).message(6, &identity("gone"));
    let answer = ask("ReadResource", request).await;
    assert_eq!((state(&answer, 1), answer.raw(5)), (Value::Null, &b""[..]));
}

#[tokio::test]
async fn a_state_of_this_version_goes_back_byte_for_byte() {
    let log = Log::default();
    let json = br#"{ "name":"a", "size": 1.10, "id":"id-a","any":{"type":"number","value":0.1} }"#;
    let request = upgrade(3, json);
    let answer = client(&log)
        .await
        .call("UpgradeResourceState", &request)
        .await
        .unwrap();
    assert_eq!(answer.inner(1).raw(2), json);
    assert_eq!(log.lines(), ["seen id-a"]);
}

#[tokio::test]
async fn attributes_that_no_longer_exist_leave_the_state() {
    let json = br#"{"name":"a","old":{"x":[1]},"disks":[{"gb":1.50,"old":null},{"gb":2}]}"#;
    let answer = ask("UpgradeResourceState", upgrade(3, json)).await;
    let rest = r#"{"disks":[{"gb":1.50},{"gb":2}],"name":"a"}"#;
    assert_eq!(answer.inner(1).text(2), rest);
}

#[tokio::test]
async fn a_state_of_an_older_version_goes_through_the_handler() {
    let answer = ask("UpgradeResourceState", upgrade(2, br#"{"title":"a"}"#)).await;
    assert_eq!(
        state(&answer, 1),
        thing(&[("name", "a".into()), ("id", "upgraded".into())])
    );
}

fn upgrade(version: u64, json: &[u8]) -> Message {
    let raw = Message::new().bytes(1, json);
    Message::new()
        .bytes(1, "test_thing")
        .varint(2, version)
        .message(3, &raw)
}

#[tokio::test]
async fn an_identity_of_this_version_goes_back_and_no_other() {
    let request = |version| {
        let raw = Message::new().bytes(1, br#"{"name":"a"}"#);
        Message::new()
            .bytes(1, "test_thing")
            .varint(2, version)
            .message(3, &raw)
    };
    let answer = ask("UpgradeResourceIdentity", request(0)).await;
    assert_eq!(answer.inner(1).inner(1).text(2), r#"{"name":"a"}"#);
    let answer = ask("UpgradeResourceIdentity", request(1)).await;
    let message = "error at : Unable to upgrade the identity of test_thing: \
                   This provider does not know identity version 1.";
    assert_eq!(answer.diagnostics(2), [message]);
}

#[tokio::test]
async fn an_import_takes_an_id_or_an_identity() {
    let by_id = Message::new().bytes(1, "test_thing").bytes(2, "a");
    let answer = ask("ImportResourceState", by_id).await.inner(1);
    assert_eq!(state(&answer, 2), thing(&[("name", "a".into())]));
    assert_eq!(
        (answer.text(1), answer.raw(3)),
        ("test_thing".into(), &b"imported"[..])
    );

    let by_identity = Message::new()
        .bytes(1, "test_thing")
        .message(4, &identity("b"));
    let answer = ask("ImportResourceState", by_identity).await.inner(1);
    assert_eq!(state(&answer, 2), thing(&[("name", "b".into())]));
    assert_eq!(answer.inner(4), identity("b"));
}

#[tokio::test]
async fn a_state_moves_in_from_another_type() {
    let request = Message::new()
        .bytes(1, "terraform.io/builtin/terraform")
        .bytes(2, "terraform_data")
        .message(4, &Message::new().bytes(1, r#"{"id":"1"}"#))
        .bytes(5, "test_thing");
    let answer = ask("MoveResourceState", request).await;
    let name = r#"terraform.io/builtin/terraform terraform_data {"id":"1"}"#;
    assert_eq!(state(&answer, 1), thing(&[("name", name.into())]));
}

#[tokio::test]
async fn a_data_source_is_checked_and_read() {
    let config = Value::object([("text", Value::from("ab")), ("echo", Value::Null)]);
    let request = Message::new()
        .bytes(1, "test_echo")
        .value(2, encode_msgpack(&config));
    let checked = ask("ValidateDataResourceConfig", request.clone()).await;
    assert_eq!(checked, Message::new());
    let answer = ask("ReadDataSource", request).await;
    assert_eq!(
        answer.msgpack(1),
        encode_msgpack(&config.with("echo", "abab"))
    );
}

async fn called(name: &str, arguments: &[Value]) -> Message {
    let request = arguments
        .iter()
        .fold(Message::new().bytes(1, name), |request, argument| {
            request.value(2, encode_msgpack(argument))
        });
    ask("CallFunction", request).await
}

#[tokio::test]
async fn a_function_reads_dynamic_arguments_to_the_last() {
    let part = |text: &str| Value::dynamic(Type::String, text);
    let answer = called("join", &["-".into(), part("a"), part("b")]).await;
    assert_eq!(answer.msgpack(1), encode_msgpack(&"a-b".into()));
    assert_eq!(answer.raw(2), b"");
}

#[tokio::test]
async fn a_function_error_names_its_argument() {
    let bad = Value::dynamic(Type::Number, 7);
    let answer = called(
        "join",
        &["-".into(), Value::dynamic(Type::String, "a"), bad],
    )
    .await;
    let error = answer.inner(2);
    let text = "Wrong type: the value must be a string, but is a number.";
    assert_eq!(
        (answer.raw(1), error.text(1), error.number(2)),
        (&b""[..], text.into(), 2)
    );
}

#[tokio::test]
async fn a_dynamic_result_gets_the_type_that_terraform_would_infer() {
    let answer = called(
        "same",
        &[Value::dynamic(Type::set(Type::Number), Value::list([1]))],
    )
    .await;
    let ty = Type::Tuple(vec![Type::set(Type::Number), Type::String]);
    let value = Value::List(vec![Value::list([1]), "x".into()]);
    assert_eq!(
        answer.msgpack(1),
        encode_msgpack(&Value::dynamic(ty, value))
    );
}

#[tokio::test]
async fn a_result_of_the_wrong_type_and_an_unknown_function_are_errors() {
    let text = called("liar", &[]).await.inner(2).text(1);
    let start = "The provider's answer does not fit its schema: `a` is a bool, not a number.";
    assert!(text.starts_with(start), "{text}");
    let text = called("nothing", &[]).await.inner(2).text(1);
    assert_eq!(text, "this provider has no function `nothing`");
}

#[tokio::test]
async fn what_does_not_exist_is_said_to() {
    let client = client(&Log::default()).await;
    let unknown = Message::new().bytes(1, "test_nothing");
    let answer = client.call("ReadResource", &unknown).await.unwrap();
    assert_eq!(
        answer.diagnostics(2),
        ["error at : This provider has no resource `test_nothing`: "]
    );
    for path in [
        "/tfplugin6.Provider/ListResource",
        "/grpc.health.v1.Health/Check",
        "/x",
    ] {
        let (code, _) = client.request(path, &Message::new()).await.unwrap_err();
        assert_eq!(code, 12, "{path}");
    }
}
