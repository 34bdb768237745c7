//! PCI devices of the host and the mappings that name them.

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::fail::{Result, die, forbidden_plain};
use crate::schema::{Params, split_list};
use crate::world::{PciDevice, PciMapping, World, vendor_name};

const HOST: Permit = Permit::Any("/", &["Sys.Audit", "Sys.Modify"]);
const MAPPING_READS: [&str; 3] = ["Mapping.Use", "Mapping.Modify", "Mapping.Audit"];

const FIELDS: &str = r"
    description? text len=4096
    live-migration-capable? bool
    mdev? bool
    map array props=pci-map
";

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/hardware/pci",
        permit: HOST,
        params: &["
            pci-class-blacklist? text fmt=string-list
            verbose? bool
        "],
        handler: devices,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/hardware/pci/{pci-id-or-mapping}",
        permit: Permit::User,
        params: &[],
        handler: |_| Ok(json!([{ "method": "mdev" }]).into()),
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/hardware/pci/{pci-id-or-mapping}/mdev",
        permit: HOST,
        params: &[],
        handler: |_| Ok(json!([]).into()),
    },
    Endpoint {
        method: "GET",
        path: "/cluster/mapping/pci",
        permit: Permit::User,
        params: &["check-node? text fmt=pve-node"],
        handler: mappings,
    },
    Endpoint {
        method: "POST",
        path: "/cluster/mapping/pci",
        permit: Permit::All("/mapping/pci", &["Mapping.Modify"]),
        params: &["id text fmt=pve-configid", FIELDS],
        handler: create,
    },
    Endpoint {
        method: "GET",
        path: "/cluster/mapping/pci/{id}",
        permit: Permit::Check(may_read),
        params: &[],
        handler: mapping,
    },
    Endpoint {
        method: "PUT",
        path: "/cluster/mapping/pci/{id}",
        permit: Permit::All("/mapping/pci/{id}", &["Mapping.Modify"]),
        params: &["
            description? text len=4096
            live-migration-capable? bool
            mdev? bool
            map? array props=pci-map
            delete? text fmt=pve-configid-list len=4096
            digest? text len=64
        "],
        handler: update,
    },
    Endpoint {
        method: "DELETE",
        path: "/cluster/mapping/pci/{id}",
        permit: Permit::All("/mapping/pci", &["Mapping.Modify"]),
        params: &[],
        handler: delete,
    },
];

fn may_read(world: &World, who: &crate::auth::Principal, params: &Params) -> Result<()> {
    let path = super::filled("/mapping/pci/{id}", params);
    if world.may_any(who, &path, &MAPPING_READS) {
        Ok(())
    } else {
        Err(forbidden_plain())
    }
}

/// Memory controllers, bridges and processors are hidden unless asked for.
const HIDDEN: &str = "05;06;0b";

fn devices(context: &mut Context<'_>) -> Result<Answer> {
    let (world, args) = (&*context.world, &context.args);
    let hidden: Vec<&str> =
        split_list(args.text("pci-class-blacklist").unwrap_or(HIDDEN)).collect();
    let verbose = args.flag("verbose").unwrap_or(true);
    let shown: Vec<Value> = world
        .pci_devices
        .iter()
        .filter(|device| {
            let class = device.class.trim_start_matches("0x");
            !hidden.iter().any(|prefix| class.starts_with(prefix))
        })
        .map(|device| facts(world, device, verbose))
        .collect();
    Ok(json!(shown).into())
}

fn facts(world: &World, device: &PciDevice, verbose: bool) -> Value {
    let group = if world.host.iommu {
        device.iommugroup
    } else {
        -1
    };
    let mut facts = json!({
        "id": device.id,
        "class": device.class,
        "vendor": device.vendor,
        "device": device.device,
        "iommugroup": group,
    });
    if !verbose {
        return facts;
    }
    let subsystem = device.subsystem_vendor.as_deref();
    let more = [
        ("vendor_name", vendor_name(&device.vendor)),
        ("device_name", device.device_name()),
        ("subsystem_vendor", subsystem),
        ("subsystem_device", device.subsystem_device.as_deref()),
        ("subsystem_vendor_name", subsystem.and_then(vendor_name)),
        ("subsystem_device_name", device.subsystem_device_name()),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            facts[key] = json!(value);
        }
    }
    facts
}

/// The digest of the file with all mappings.
fn file_digest(world: &World) -> String {
    sha1_smol::Sha1::from(format!("{:?}", world.pci_mappings))
        .digest()
        .to_string()
}

fn shown(world: &World, mapping: &PciMapping) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("type".to_owned(), json!("pci"));
    data.insert("map".to_owned(), json!(mapping.map));
    data.insert("digest".to_owned(), json!(file_digest(world)));
    let optional = [
        ("description", &mapping.description),
        ("mdev", &mapping.mdev),
        ("live-migration-capable", &mapping.live_migration_capable),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            let number = value.parse::<u8>().ok().filter(|_| key != "description");
            data.insert(
                key.to_owned(),
                number.map_or_else(|| json!(value), |n| json!(n)),
            );
        }
    }
    data
}

fn mappings(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let checks = context.args.has("check-node");
    let entries: Vec<Value> = world
        .pci_mappings
        .iter()
        .filter(|(id, _)| {
            world.may_any(&context.who, &format!("/mapping/pci/{id}"), &MAPPING_READS)
        })
        .map(|(id, mapping)| {
            let mut data = shown(world, mapping);
            data.insert("id".to_owned(), json!(id));
            if checks {
                data.insert("checks".to_owned(), json!(problems(world, id, mapping)));
            }
            Value::Object(data)
        })
        .collect();
    Ok(json!(entries).into())
}

fn problems(world: &World, id: &str, mapping: &PciMapping) -> Vec<Value> {
    mapping
        .on_node(world)
        .iter()
        .filter_map(|entry| world.mapping_problem(id, entry))
        .map(|problem| {
            let message = format!("Invalid configuration: {problem}\n");
            json!({ "severity": "error", "message": message })
        })
        .collect()
}

fn mapping(context: &mut Context<'_>) -> Result<Answer> {
    let id = context.args.required("id");
    match context.world.pci_mappings.get(id) {
        Some(mapping) => Ok(Value::Object(shown(context.world, mapping)).into()),
        None => Err(die(format!("mapping '{id}' not found"))),
    }
}

fn create(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let id = args.required("id").to_owned();
    if context.world.pci_mappings.contains_key(&id) {
        let text = format!("create hardware mapping failed: pci ID '{id}' already defined");
        return Err(die(text));
    }
    let mut mapping = PciMapping::default();
    fill(&mut mapping, context);
    context.world.pci_mappings.insert(id, mapping);
    Ok(Value::Null.into())
}

fn fill(mapping: &mut PciMapping, context: &Context<'_>) {
    let args = &context.args;
    if let Some(map) = args.list("map") {
        mapping.map = map;
    }
    let set = |field: &mut Option<String>, key: &str| {
        if let Some(text) = args.text(key) {
            *field = Some(text.to_owned());
        }
    };
    set(&mut mapping.description, "description");
    set(&mut mapping.mdev, "mdev");
    set(
        &mut mapping.live_migration_capable,
        "live-migration-capable",
    );
}

fn update(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let id = args.required("id").to_owned();
    let fail = |text: String| die(format!("update hardware mapping failed: {text}"));
    let Some(mut mapping) = context.world.pci_mappings.get(&id).cloned() else {
        return Err(fail(format!("pci ID '{id}' does not exist")));
    };
    if args
        .text("digest")
        .is_some_and(|digest| digest != file_digest(context.world))
    {
        return Err(fail(
            "detected modified configuration - file changed by other user? Try again.".to_owned(),
        ));
    }
    if !args.has("map") {
        return Err(fail("missing value for required option 'map'".to_owned()));
    }
    fill(&mut mapping, context);
    for key in split_list(args.text("delete").unwrap_or_default()) {
        match key {
            "description" => mapping.description = None,
            "mdev" => mapping.mdev = None,
            "live-migration-capable" => mapping.live_migration_capable = None,
            "map" => return Err(fail("unable to delete required option 'map'".to_owned())),
            _ => return Err(fail(format!("no such option '{key}'"))),
        }
    }
    context.world.pci_mappings.insert(id, mapping);
    Ok(Value::Null.into())
}

fn delete(context: &mut Context<'_>) -> Result<Answer> {
    // What is not there need not be deleted.
    context
        .world
        .pci_mappings
        .remove(context.args.required("id"));
    Ok(Value::Null.into())
}
