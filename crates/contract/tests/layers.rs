//! The rules and the JSON Schema agree on every input, but for what a schema cannot say.

use std::collections::BTreeMap;

use contract::generate::inputs_schema_json;
use contract::inputs::INPUTS;
use contract::{Code, Input, Kind, Text, Value, check, example_values, input_error};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

/// Refusals that need arithmetic, or look at more than one value. The schema accepts these.
const BEYOND_THE_SCHEMA: &[Code] = &[
    Code::CidrHostBits,
    Code::AddressReserved,
    Code::UrlForm,
    Code::DhcpReplaced,
    Code::StaticIpMapReplaced,
];

/// Cases for each input.
const CASES: u32 = 200;

/// The schema of all inputs, without those that are required: one input is looked at at a time.
fn validator() -> Validator {
    let mut schema: serde_json::Value =
        serde_json::from_str(&inputs_schema_json()).expect("the schema is JSON");
    schema["required"] = json!([]);
    jsonschema::validator_for(&schema).expect("the schema is one")
}

#[test]
fn rules_and_schema_agree_on_every_input() {
    let validator = validator();
    for input in INPUTS.iter() {
        let mut runner = TestRunner::new(Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        });
        let agreed = runner.run(&values_for(input), |value| agree(&validator, input, &value));
        if let Err(error) = agreed {
            panic!("{}: {error}", input.name);
        }
    }
    let inputs = u32::try_from(INPUTS.len()).expect("there are few inputs");
    assert!(inputs * CASES >= 10_000);
    println!(
        "figures: layers: {} generated values of {inputs} inputs, rules and JSON Schema agree but for {} listed rules",
        inputs * CASES,
        BEYOND_THE_SCHEMA.len()
    );
}

fn agree(validator: &Validator, input: &Input, value: &Value) -> Result<(), TestCaseError> {
    let by_schema = validator.is_valid(&json!({ input.name: value.to_json() }));
    match input_error(input.name, value) {
        None => prop_assert!(by_schema, "the schema alone refuses {:?}", value),
        Some(error) if by_schema => {
            let known = error.lines().all(|line| {
                BEYOND_THE_SCHEMA
                    .iter()
                    .any(|code| line.ends_with(&format!("({code})")))
            });
            prop_assert!(known, "the rules alone refuse {:?}: {}", value, error);
        }
        Some(_) => {}
    }
    Ok(())
}

/// Right values, values a step beside them, and values of any other type.
fn values_for(input: &Input) -> BoxedStrategy<Value> {
    let example = Just(input.example_value());
    prop_oneof![1 => example, 8 => values(input.kind), 2 => anything()].boxed()
}

fn values(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::Whole(whole) => prop_oneof![
            (whole.min - 2)..=(whole.min + 2),
            (whole.max - 2)..=(whole.max + 2),
            any::<i64>(),
        ]
        .prop_map(Value::from)
        .boxed(),
        Kind::Text(text) => texts(text).prop_map(Value::String).boxed(),
        Kind::List(element) => prop::collection::vec(values(*element), 0..3)
            .prop_map(Value::List)
            .boxed(),
        Kind::Map(element) => {
            prop::collection::btree_map(texts(Text::DnsLabel), values(*element), 0..3)
                .prop_map(Value::Map)
                .boxed()
        }
        Kind::Object(groups) => {
            let attributes: Vec<_> = groups.iter().flat_map(|group| group.iter()).collect();
            prop::sample::select(attributes)
                .prop_flat_map(|attribute| {
                    let name =
                        prop_oneof![8 => Just(attribute.name.to_owned()), 1 => "[a-z_]{1,8}"];
                    (
                        name,
                        prop_oneof![8 => values(attribute.kind), 1 => Just(Value::Null)],
                    )
                })
                .prop_map(|(name, value)| Value::Map(BTreeMap::from([(name, value)])))
                .boxed()
        }
    }
}

/// Texts near what the format accepts, and one character away from them.
fn texts(text: Text) -> BoxedStrategy<String> {
    let near = prop::sample::select(near(text).to_vec());
    prop_oneof![
        3 => near.clone().prop_map(str::to_owned),
        3 => (near, any::<prop::sample::Index>(), r"[ -~é\t\n]?").prop_map(|(text, at, new)| changed(text, at, &new)),
        1 => r"[ -~]{0,6}",
        1 => "[a-z0-9.:/@!-]{0,70}",
    ]
    .boxed()
}

/// Right texts and wrong ones that look right.
fn near(text: Text) -> &'static [&'static str] {
    match text {
        Text::Url => &[
            "https://pve:8006",
            "https://[fd00::1]:8006/",
            "http://pve",
            "https://a/api2/json",
            "https://a/b",
        ],
        Text::TokenId => &["a@pve!tf", "a@pve!t", "a!b", "a@b@cd!ef", "a@pve!tf=x"],
        Text::TokenSecret => &["0000-1", "a=b", "a b"],
        Text::Username => &["root@pam", "root", "@pam", "a@p"],
        Text::Fingerprint => &[
            "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89",
            "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba",
        ],
        Text::Template => &[
            "9000",
            "99",
            "1000000000",
            "talos-1.13",
            "0900",
            "a_b",
            "a.",
            "1.2",
        ],
        Text::Cidr(_) => &[
            "10.0.0.0/8",
            "10.96.0.0/12",
            "192.168.1.0/24",
            "192.168.1.0/29",
            "127.0.0.0/8",
            "10.0.0.1/24",
            "fd00::/8",
        ],
        Text::Address => &[
            "192.168.1.1",
            "256.1.1.1",
            "01.1.1.1",
            "127.0.0.1",
            "::1",
            "1.2.3",
        ],
        Text::Mac => &[
            "BC:24:11:00:00:0a",
            "BD:24:11:00:00:0a",
            "bc-24-11-00-00-0a",
        ],
        Text::Uuid => &[
            "7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11",
            "7f1c1a527c1b5d0e9f830d1b8a4c2e11",
        ],
        Text::Pci => &[
            "0000:03:00.0",
            "0000:03:00",
            "03:00.0",
            "0000:0A:00.0",
            "0000:03:20.0",
            "0000:03:1f.8",
        ],
        Text::Schematic => &["376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba"],
        Text::Version => &[
            "v1.13.9",
            "1.13.9",
            "v1.13",
            "v1.14.0-rc.1",
            "v1.14.0-rc.01",
            "v1.14.0-rc1",
            "v1.0.0+x",
        ],
        Text::CpuType => &[
            "host",
            "kvm64",
            "x86-64-v2-AES",
            "custom-a",
            "custom-",
            "Host",
        ],
        Text::Storage => &["local-lvm", "a", "a.", "1a", "a:b"],
        Text::Bridge => &[
            "vmbr0",
            "vmbr0.20",
            "-a",
            "a23456789012345",
            "a234567890123456",
        ],
        Text::Pool => &["talos", "a/b/c", "a/b/c/d", "/a", "a//b"],
        Text::ProxmoxNode => &["pve", "PVE-1", "pve.lan", "-a"],
        Text::Mapping => &["gpu0", "g", "0gpu", "a-b_c"],
        Text::Tag => &["talos", "Talos", "_a", "+a", "a+b"],
        Text::Choice(words) => words,
        Text::DnsLabel => &["k3s-dev", "a", "-a", "a-", "A", "a_b"],
        Text::Free | Text::Any | Text::Password => &["/etc/ca.pem", "a\tb", " a", "a ", "é"],
    }
}

/// `text` with one of its characters replaced or removed.
fn changed(text: &str, at: prop::sample::Index, new: &str) -> String {
    let mut chars: Vec<String> = text.chars().map(String::from).collect();
    if !chars.is_empty() {
        let at = at.index(chars.len());
        new.clone_into(&mut chars[at]);
    }
    chars.concat()
}

fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|whole| Value::from(i64::from(whole))),
        Just(Value::from_json(json!(1.5))),
        Just(Value::from_json(json!(2.0))),
        "[a-z0-9]{0,4}".prop_map(Value::String),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..3).prop_map(Value::Map),
        ]
    })
    .boxed()
}

#[test]
fn every_default_and_every_example_passes_every_layer() {
    let validator = validator();
    for input in INPUTS.iter() {
        for value in [input.default.value(), input.example_value()] {
            if value == Value::Null && input.is_required() {
                continue;
            }
            assert_eq!(input_error(input.name, &value), None, "{}", input.name);
            assert!(
                validator.is_valid(&json!({ input.name: value.to_json() })),
                "{}",
                input.name
            );
        }
    }
}

/// A secret in each place where one can be pasted by mistake, and in every message that follows.
#[test]
fn no_message_shows_a_secret() {
    let canary = "c4n4ry";
    let pasted = [
        (
            "proxmox_api_token_secret",
            format!(r#""em-infra@pve!terraform={canary}""#),
        ),
        ("proxmox_api_token_secret", format!(r#""{canary} ""#)),
        ("proxmox_api_token_secret", format!(r#"["{canary}"]"#)),
        ("proxmox_api_token_secret", format!(r#"{{"{canary}": 1}}"#)),
        (
            "proxmox_api_token_id",
            format!(r#""em-infra@pve!terraform={canary}""#),
        ),
        (
            "proxmox_api_token_id",
            format!(r#"" em-infra@pve!terraform={canary}""#),
        ),
        ("proxmox_password", format!(r#"["{canary}"]"#)),
        (
            "proxmox_api_url",
            format!(r#""https://root:{canary}@pve:8006""#),
        ),
    ];
    for (name, json) in &pasted {
        let findings = check(&example_values(&[(name, json)]));
        assert!(!findings.is_empty(), "{name} = {json} is refused");
        assert!(!format!("{findings:?}").contains(canary), "{findings:#?}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 256, failure_persistence: None, ..Config::default() })]

    /// Whatever the inputs hold, the answer is findings.
    #[test]
    fn no_input_is_a_panic(
        entries in prop::collection::vec((any::<prop::sample::Index>(), anything()), 0..8),
        texts in prop::collection::vec((any::<prop::sample::Index>(), any::<String>()), 0..8),
    ) {
        let mut values = example_values(&[]);
        let name = |index: &prop::sample::Index| index.get(&INPUTS).name.to_owned();
        values.extend(entries.iter().map(|(index, value)| (name(index), value.clone())));
        values.extend(texts.iter().map(|(index, text)| (name(index), Value::String(text.clone()))));
        drop(check(&values));
    }
}
