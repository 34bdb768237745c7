//! Who the nodes are: names, and where each one's VMID and address come from.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::inputs::CONTROL_PLANES_MAX;
use crate::path::Path;
use crate::reading::{Reading, as_text};
use crate::topology::derive;
use crate::topology::gpu::{self, Device};
use crate::value::Value;

/// The groups of the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Control planes.
    ControlPlane,
    /// Workers without a GPU.
    Workers,
    /// Workers with a GPU.
    GpuWorkers,
}

/// The inputs that decide who the nodes are.
pub(super) const READS: &[&str] = &[
    "env_name",
    "control_plane_count",
    "worker_count",
    "gpu_worker_pci_bdfs",
    "workers",
    "gpu_workers",
    "node_overrides",
];

/// The address of slot 0 lies this far into a network of /24 or larger, above where routers sit.
const START_OFFSET: u32 = 10;

/// A node as far as its own line and the environment tell.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) group: Group,
    /// The line that makes the node.
    pub(super) source: Path,
    /// What is different for this node: its own attributes under those of `node_overrides`.
    pub(super) options: BTreeMap<String, Value>,
    /// The attributes that `node_overrides` sets.
    overridden: Vec<String>,
    /// The number that its name or place gives it, before any range is checked.
    pub(super) number: Option<i64>,
    pub(super) slot: Option<i64>,
    pub(super) vmid: Option<i64>,
    pub(super) address: Option<Ipv4Addr>,
    pub(super) mac: String,
    pub(super) uuid: String,
    pub(super) devices: Vec<Device>,
}

impl Draft {
    pub(super) fn whole(&self, attribute: &str) -> Option<i64> {
        self.options.get(attribute)?.as_whole()
    }

    pub(super) fn text(&self, attribute: &str) -> Option<String> {
        as_text(self.options.get(attribute)?)
    }

    /// The place that sets `attribute` for this node; the line that makes the node where none does.
    pub(super) fn place(&self, attribute: &str) -> Path {
        if self.overridden.iter().any(|name| name == attribute) {
            return Path::input("node_overrides")
                .key(&self.name)
                .attribute(attribute);
        }
        if self.options.contains_key(attribute) {
            self.source.attribute(attribute)
        } else {
            self.source.clone()
        }
    }
}

/// The slot that the number of a node gives it in the range of its group, if it is in that range.
pub(super) fn slot_of(group: Group, number: i64) -> Option<i64> {
    match group {
        Group::ControlPlane => (1..=CONTROL_PLANES_MAX).contains(&number).then_some(number),
        Group::Workers => (1..=90).contains(&number).then(|| 9 + number),
        Group::GpuWorkers => (0..=899).contains(&number).then(|| 100 + number),
    }
}

/// All nodes, sorted by name. Inputs that cannot be used make none.
pub(super) fn draft(reading: &Reading<'_>) -> Vec<Draft> {
    let Some(env) = reading.text("env_name") else {
        return Vec::new();
    };
    let overrides = reading.value("node_overrides").and_then(Value::as_map);
    let start = Start::of(reading);
    let mut drafts: Vec<Draft> = lines(reading, &env)
        .into_iter()
        .map(|line| line.draft(&env, overrides.and_then(|all| all.get(&line.name)), &start))
        .collect();
    drafts.sort_by(|a, b| a.name.cmp(&b.name));
    drafts
}

/// One line of the inputs that makes a node.
struct Line {
    name: String,
    group: Group,
    source: Path,
    number: Option<i64>,
    options: BTreeMap<String, Value>,
}

fn lines(reading: &Reading<'_>, env: &str) -> Vec<Line> {
    let mut lines = counted(
        reading,
        "control_plane_count",
        Group::ControlPlane,
        env,
        "control",
    );
    lines.extend(counted(
        reading,
        "worker_count",
        Group::Workers,
        env,
        "worker",
    ));
    lines.extend(gpu_shorthand(reading, env));
    lines.extend(named(reading, "workers", Group::Workers, env));
    lines.extend(named(reading, "gpu_workers", Group::GpuWorkers, env));
    lines
}

fn counted(
    reading: &Reading<'_>,
    input: &'static str,
    group: Group,
    env: &str,
    word: &str,
) -> Vec<Line> {
    (1..=reading.whole(input).unwrap_or_default())
        .map(|number| Line {
            name: format!("{env}-{word}-{number}"),
            group,
            source: Path::input(input),
            number: Some(number),
            options: BTreeMap::new(),
        })
        .collect()
}

/// `0000:03:00.0` makes `<env>-gpu-0300`, whose number is the bus.
fn gpu_shorthand(reading: &Reading<'_>, env: &str) -> Vec<Line> {
    let input = "gpu_worker_pci_bdfs";
    let line = |(index, bdf): (usize, String)| {
        let bus_and_device: String = bdf.get(5..10)?.split(':').collect();
        Some(Line {
            name: format!("{env}-gpu-{bus_and_device}"),
            group: Group::GpuWorkers,
            source: Path::input(input).index(index),
            number: bus_number(&format!("gpu-{bus_and_device}")),
            options: BTreeMap::from([("gpus".to_owned(), gpu::by_address(&bdf))]),
        })
    };
    reading
        .texts(input)
        .into_iter()
        .enumerate()
        .filter_map(line)
        .collect()
}

fn named(reading: &Reading<'_>, input: &'static str, group: Group, env: &str) -> Vec<Line> {
    let entries = reading.value(input).and_then(Value::as_map);
    let entries = entries.into_iter().flatten();
    entries
        .map(|(key, options)| Line {
            name: format!("{env}-{key}"),
            group,
            source: Path::input(input).key(key),
            number: bus_number(key)
                .filter(|_| group == Group::GpuWorkers)
                .or(trailing_number(key)),
            options: set_attributes(Some(options)),
        })
        .collect()
}

/// The bus in a name that the shorthand list makes, so that naming such a node moves it nowhere.
fn bus_number(key: &str) -> Option<i64> {
    let digits = key.strip_prefix("gpu-").filter(|rest| rest.len() == 4)?;
    let all_hex = digits
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    i64::from_str_radix(digits.get(..2).filter(|_| all_hex)?, 16).ok()
}

fn trailing_number(key: &str) -> Option<i64> {
    let before = key.trim_end_matches(|char: char| char.is_ascii_digit());
    key[before.len()..].parse().ok()
}

fn set_attributes(value: Option<&Value>) -> BTreeMap<String, Value> {
    let entries = value.and_then(Value::as_map).into_iter().flatten();
    entries
        .filter(|(_, value)| **value != Value::Null)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Line {
    fn draft(&self, env: &str, overrides: Option<&Value>, start: &Start) -> Draft {
        let overrides = set_attributes(overrides);
        let overridden = overrides.keys().cloned().collect();
        let mut options = self.options.clone();
        options.extend(overrides);
        let mut draft = Draft {
            name: self.name.clone(),
            group: self.group,
            source: self.source.clone(),
            options,
            overridden,
            number: self.number,
            slot: None,
            vmid: None,
            address: None,
            mac: derive::mac(env, &self.name),
            uuid: derive::uuid(env, &self.name),
            devices: Vec::new(),
        };
        draft.settle(start);
        draft
    }
}

impl Draft {
    /// Fills in what follows from the options and the slot.
    fn settle(&mut self, start: &Start) {
        let by_number = self.number.and_then(|number| slot_of(self.group, number));
        self.slot = self.whole("slot").or(by_number);
        self.vmid = self
            .whole("vmid")
            .or_else(|| start.vmid?.checked_add(self.slot?));
        let address = self.text("address").and_then(|text| text.parse().ok());
        self.address = address.or_else(|| add(start.address?, self.slot?));
        if let Some(mac) = self.text("mac") {
            self.mac = mac.to_uppercase();
        }
        if let Some(uuid) = self.text("uuid") {
            self.uuid = uuid.to_lowercase();
        }
        self.devices = gpu::devices(self);
    }
}

/// Where slot 0 is, as far as the inputs tell.
struct Start {
    vmid: Option<i64>,
    address: Option<Ipv4Addr>,
}

impl Start {
    fn of(reading: &Reading<'_>) -> Self {
        Self {
            vmid: reading.whole("vmid_start"),
            address: address_start(reading),
        }
    }
}

fn address_start(reading: &Reading<'_>) -> Option<Ipv4Addr> {
    if reading.is_set("node_address_start") {
        return reading.address("node_address_start");
    }
    let net = reading
        .network("cluster_network_cidr")
        .filter(|net| net.prefix_len() <= 24)?;
    Some(Ipv4Addr::from(
        u32::from(net.network()).checked_add(START_OFFSET)?,
    ))
}

fn add(start: Ipv4Addr, slot: i64) -> Option<Ipv4Addr> {
    Some(Ipv4Addr::from(
        u32::from(start).checked_add(u32::try_from(slot).ok()?)?,
    ))
}
