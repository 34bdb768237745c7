//! Random configurations and random hosts.
//!
//! Values come from small pools, so that what is wanted and what is there often agree.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use pve_api::{DiskSize, GiB, MiB, NodeName, Tags};
use vm::marker::embed;
use vm::{
    AddressMode, Addressing, Claim, CloneMode, CloneTask, Consent, Firmware, Gpu, Mandate,
    Observed, Origin, Power, Present, Role, Shape, VmKey, Wanted,
};

use crate::fake_host::{Options, attempt, vmid};

pub(crate) const OUR_UUID: &str = "22222222-2222-4222-8222-222222222222";

pub(crate) fn key() -> VmKey {
    VmKey {
        env_name: "k3s-dev".into(),
        name: "k3s-dev-worker-1".into(),
        vmid: vmid(8010),
        node: NodeName::new("pve").expect("a name"),
    }
}

pub(crate) fn origin() -> impl Strategy<Value = Origin> {
    (
        select(vec!["talos-v1.13", "9000"]),
        option::of(select(vec![CloneMode::Full, CloneMode::Linked])),
        option::of(select(vec!["lab".to_owned()])),
        option::of(select(vec![Role::ControlPlane, Role::Worker])),
        option::of(select(vec![
            "v1.13.0".to_owned(),
            "v1.14.0-rc.1".to_owned(),
        ])),
    )
        .prop_map(|(template, clone, pool, role, talos_version)| Origin {
            template: template.into(),
            clone,
            pool,
            role,
            talos_version,
        })
}

pub(crate) fn addressing() -> impl Strategy<Value = Addressing> {
    let address = select(vec!["192.0.2.11", "192.0.2.12", "2001:db8::11"]);
    let servers = option::of(select(vec![
        vec![],
        vec!["192.0.2.1"],
        vec!["192.0.2.2", "dns.example"],
    ]));
    let mode = option::of(select(vec![AddressMode::Static, AddressMode::DhcpReserved]));
    option::of((mode, address, select(vec![24, 64]), any::<bool>(), servers)).prop_map(|given| {
        let Some((mode, address, mut length, routed, servers)) = given else {
            return Addressing::default();
        };
        let (gateway, longest) = if address.contains(':') {
            ("2001:db8::1", 128)
        } else {
            ("192.0.2.1", 32)
        };
        length = length.min(longest);
        Addressing {
            mode,
            address: address.parse().ok(),
            prefix_length: Some(length),
            gateway: gateway.parse().ok().filter(|_| routed),
            nameservers: servers.map(|servers| servers.into_iter().map(str::to_owned).collect()),
        }
    })
}

pub(crate) fn gpus() -> impl Strategy<Value = Option<Vec<Gpu>>> {
    let gpu = |address: &str| {
        select(vec![
            Gpu::Mapping {
                id: "gpu0".parse().expect("a name"),
                stands_for: address.parse().ok(),
            },
            Gpu::mapping("gpu1".parse().expect("a name")),
            Gpu::Raw("0000:01:00".parse().expect("an address")),
        ])
    };
    let listed = move |address| prop::collection::vec(gpu(address), 0..3);
    option::of(select(vec!["0000:02:00", "0000:03:00", ""]).prop_flat_map(listed))
}

prop_compose! {
    fn sizes()(
        cores in option::of(1_u32..5),
        memory in option::of(select(vec![MiB(512), MiB(2048), MiB(4096)])),
        disk in option::of(select(vec![DiskSize::from(GiB(1)), GiB(10).into(), GiB(20).into()])),
        cpu_type in option::of(select(vec!["host", "x86-64-v2-AES"])),
        machine in option::of(select(vec!["pc", "q35"])),
        bios in option::of(select(vec![Firmware::SeaBios, Firmware::Ovmf])),
        storage in option::of(select(vec!["local-lvm", "local-lvm", "local-lvm", "local"])),
    ) -> Shape {
        Shape {
            cores,
            memory,
            disk,
            cpu_type: cpu_type.map(|kind| kind.parse().expect("a type")),
            machine: machine.map(str::to_owned),
            bios,
            storage: storage.map(|storage| storage.parse().expect("a name")),
            ..Shape::default()
        }
    }
}

prop_compose! {
    fn habits()(
        tags in option::of(select(vec![vec![], vec!["talos"], vec!["talos", "golden"]])),
        onboot in any::<Option<bool>>(),
        startup_order in option::of(1_u32..3),
        protection in any::<Option<bool>>(),
        started in any::<Option<bool>>(),
        bridge in option::of(select(vec!["vmbr0", "vmbr1"])),
        vlan in option::of(select(vec!["7", "20"])),
        mac in option::of(select(vec!["BC:24:11:00:00:01", "bc:24:11:aa:aa:aa"])),
        addressing in addressing(),
        gpus in gpus(),
    ) -> Shape {
        Shape {
            tags: tags.map(|tags| Tags::new(tags).expect("tags")),
            onboot,
            startup_order,
            protection,
            started,
            bridge: bridge.map(|bridge| bridge.parse().expect("a name")),
            vlan: vlan.map(|vlan| vlan.parse().expect("a tag")),
            mac: mac.map(|mac| mac.parse().expect("an address")),
            addressing,
            gpus,
            ..Shape::default()
        }
    }
}

pub(crate) fn wanted() -> impl Strategy<Value = Wanted> {
    (origin(), sizes(), habits()).prop_map(|(origin, sizes, habits)| {
        let uuid = Some(OUR_UUID.parse().expect("a UUID"));
        let Shape {
            cores,
            memory,
            disk,
            cpu_type,
            machine,
            bios,
            storage,
            ..
        } = sizes;
        let shape = Shape {
            cores,
            memory,
            disk,
            cpu_type,
            machine,
            bios,
            storage,
            uuid,
            ..habits
        };
        Wanted {
            key: key(),
            origin,
            shape,
        }
    })
}

pub(crate) fn mandate() -> impl Strategy<Value = Mandate> {
    let claim = select(vec![Claim::Create, Claim::TakeOver, Claim::InState]);
    let restart = select(vec![Consent::Given, Consent::Withheld]);
    (claim, restart).prop_map(|(claim, restart)| Mandate {
        claim,
        attempt: attempt(1),
        restart,
    })
}

/// What the description of a VM may hold.
fn notes() -> impl Strategy<Value = String> {
    let written = (
        wanted(),
        select(vec![1_u128, 2]),
        select(vec![8010_u32, 8010, 8010, 8020]),
    )
        .prop_map(|(mut wanted, by, at)| {
            wanted.key.vmid = vmid(at);
            wanted.marker(attempt(by))
        })
        .boxed();
    prop_oneof![
        1 => Just(String::new()),
        1 => Just("a VM of somebody".to_owned()),
        1 => Just("<!-- em-infra:2 all=new -->".to_owned()),
        1 => Just("<!-- em-infra:1 env=k3s-dev name=k3s-dev-worker-1 vmid=8010".to_owned()),
        1 => written.clone().prop_map(|mut marker| {
            marker.key.env_name = "lab".into();
            marker.print()
        }),
        6 => written.prop_map(|marker| embed("my notes", &marker).expect("short")),
    ]
}

/// Options beside those that say whose VM it is; each may be missing.
fn options() -> impl Strategy<Value = Options> {
    let pool = [
        ("cores", vec!["1", "2", "4"]),
        ("sockets", vec!["1", "2"]),
        ("memory", vec!["2048", "current=4096"]),
        ("balloon", vec!["0", "1024"]),
        ("cpu", vec!["host", "cputype=host,flags=+aes", "kvm64"]),
        ("machine", vec!["q35", "type=q35,viommu=intel", "pc"]),
        ("bios", vec!["ovmf", "seabios"]),
        (
            "boot",
            vec!["order=scsi0", "order=net0", "order=ide2;scsi0", "cdn", " "],
        ),
        (
            "scsi0",
            vec![
                "local-lvm:vm-8010-disk-0,size=1246M",
                "local-lvm:vm-8010-disk-0,iothread=1,size=10G",
            ],
        ),
        (
            "ide2",
            vec![
                "none,media=cdrom",
                "local-lvm:vm-8010-cloudinit,media=cdrom,size=4M",
            ],
        ),
        (
            "net0",
            vec![
                "virtio=BC:24:11:00:00:01,bridge=vmbr0",
                "e1000=bc:24:11:aa:aa:aa,bridge=vmbr1,firewall=1,tag=20",
            ],
        ),
        (
            "ipconfig0",
            vec![
                "ip=dhcp",
                "ip=192.0.2.11/24,gw=192.0.2.1",
                "ip=192.0.2.12/24,ip6=auto",
                "ip6=2001:db8::11/64",
            ],
        ),
        ("nameserver", vec!["192.0.2.1", "192.0.2.2 dns.example"]),
        (
            "hostpci0",
            vec!["mapping=gpu0,pcie=1", "0000:01:00,rombar=0"],
        ),
        ("hostpci2", vec!["mapping=gpu1"]),
        ("tags", vec!["talos", "Golden;talos", " "]),
        ("onboot", vec!["0", "1"]),
        ("startup", vec!["order=1", "order=2,up=30", "up=10"]),
        ("protection", vec!["0", "1"]),
        ("name", vec!["k3s-dev-worker-1", "renamed"]),
        ("template", vec!["0", "0", "0", "0", "0", "1"]),
        ("lock", vec!["backup", "suspended"]),
    ];
    let rare = |key: &str| {
        if matches!(key, "lock" | "template") {
            0.1
        } else {
            0.7
        }
    };
    let each = pool.map(|(key, values)| {
        let key = key.to_owned();
        option::weighted(rare(&key), select(values))
            .prop_map(move |value| value.map(|value| (key.clone(), value.to_owned())))
            .boxed()
    });
    each.to_vec()
        .prop_map(|options| options.into_iter().flatten().collect())
}

pub(crate) fn present() -> impl Strategy<Value = Present> {
    let other = "33333333-3333-4333-8333-333333333333";
    let uuid = option::weighted(0.9, select(vec![OUR_UUID, OUR_UUID, other]));
    let power = select(vec![Power::Running, Power::Stopped]);
    (options(), notes(), uuid, power).prop_map(|(mut options, notes, uuid, power)| {
        if !notes.is_empty() {
            options.insert("description".into(), notes);
        }
        if let Some(uuid) = uuid {
            options.insert(
                "smbios1".into(),
                format!("uuid={uuid},serial=Zm9v,base64=1"),
            );
        }
        let VmKey { vmid, node, .. } = key();
        Present {
            vmid,
            node,
            power,
            config: options.into_iter().collect(),
        }
    })
}

pub(crate) fn observed() -> impl Strategy<Value = Observed> {
    prop_oneof![
        1 => Just(Observed::Absent),
        1 => Just(Observed::Hidden),
        1 => select(vec![CloneTask::Running, CloneTask::Gone]).prop_map(Observed::Cloning),
        12 => present().prop_map(|present| Observed::Present(Box::new(present))),
    ]
}
