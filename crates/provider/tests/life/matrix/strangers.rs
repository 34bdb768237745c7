//! VMs of others in every disguise on the place of ours: never a write.

use pve_sim::World;
use tf_plugin::Value;

use crate::bench::{Bench, worker};
use crate::figures::{full, report};
use crate::terraform::Config;

/// One VM of somebody else.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
struct Disguise {
    vmid: u32,
    notes: Notes,
    our_uuid: bool,
    our_name: bool,
    running: bool,
    in_state: bool,
}

#[derive(Debug, Clone, Copy)]
enum Notes {
    None,
    Plain,
    /// The marker of our VM with another VMID in the world around it: a clone.
    OfAnotherVmid,
    /// The marker of another VM of ours.
    OfAnotherVm,
}

/// All of them. A VM with our UUID that the state holds is ours with its notes gone, not a stranger.
fn disguises() -> Vec<Disguise> {
    let flags = (0..16_u32).map(|bits| [1, 2, 4, 8].map(|bit| bits & bit != 0));
    let all = flags.flat_map(|[our_uuid, our_name, running, in_state]| {
        [
            Notes::None,
            Notes::Plain,
            Notes::OfAnotherVmid,
            Notes::OfAnotherVm,
        ]
        .map(|notes| Disguise {
            vmid: if matches!(notes, Notes::OfAnotherVmid) {
                8012
            } else {
                8010
            },
            notes,
            our_uuid,
            our_name,
            running,
            in_state,
        })
    });
    all.filter(|one| {
        let unmarked = matches!(one.notes, Notes::None | Notes::Plain);
        !(unmarked && one.our_uuid && one.in_state)
    })
    .collect()
}

impl Disguise {
    fn put(self, world: &mut World, marker_of_one: &str, marker_of_two: &str) {
        let number = self.vmid - 8009;
        let uuid = if self.our_uuid { number } else { 0xee };
        let mut options = vec![
            (
                "name",
                if self.our_name {
                    format!("k3s-dev-worker-{number}")
                } else {
                    "nas".into()
                },
            ),
            (
                "smbios1",
                format!("uuid=6f1d7c1e-0000-5000-8000-0000000000{uuid:02x}"),
            ),
            (
                "net0",
                format!("virtio=BC:24:11:00:00:{number:02X},bridge=vmbr0"),
            ),
        ];
        match self.notes {
            Notes::None => {}
            Notes::Plain => options.push(("description", "mine".into())),
            Notes::OfAnotherVmid => options.push(("description", marker_of_one.into())),
            Notes::OfAnotherVm => options.push(("description", marker_of_two.into())),
        }
        world.remove_vm(self.vmid);
        world.put_vm(self.vmid, options);
    }
}

fn config(vmid: u32) -> Config {
    Config::from([("vm".to_owned(), worker(vmid - 8009))])
}

async fn untouched(disguise: Disguise) -> usize {
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    bench.terraform.set("allow_rebuild", true);
    let made: Config = [1, 2]
        .map(|number| (format!("made-{number}"), worker(number)))
        .into();
    assert_eq!(
        bench.terraform.apply(&made).await.errors,
        Vec::<String>::new()
    );
    let marker = |vmid| bench.sim.world(|world| world.option(vmid, "description"));
    let (one, two) = (marker(8010).expect("made"), marker(8011).expect("made"));
    bench.terraform.state.clear();
    let config = config(disguise.vmid);
    if disguise.in_state {
        assert_eq!(
            bench.terraform.apply(&config).await.errors,
            Vec::<String>::new()
        );
    }
    bench.sim.edit(|world| disguise.put(world, &one, &two));
    if disguise.running {
        start(&bench, disguise.vmid).await;
    }
    let before = bench.sim.world(|world| world.config(disguise.vmid));
    bench.sim.clear_journal();
    bench.terraform.apply(&config).await;
    let changed = config["vm"].clone().with("memory", Value::from(1024));
    bench
        .terraform
        .apply(&Config::from([("vm".to_owned(), changed)]))
        .await;
    bench.terraform.apply(&Config::new()).await;
    assert_eq!(
        bench.sim.world(|world| world.config(disguise.vmid)),
        before,
        "{disguise:?}"
    );
    bench.writes().len()
}

async fn start(bench: &Bench, vmid: u32) {
    let (id, secret) = bench.sim.token("root").expect("a token of the scenario");
    let connection = pve_client::Connection {
        endpoint: bench.sim.url().parse().expect("an address"),
        auth: pve_client::Auth::Token {
            id: id.parse().expect("an id"),
            secret: pve_client::Secret::new(secret),
        },
        tls: pve_client::Tls::Insecure,
    };
    let client = pve_client::Client::new(&connection).expect("a client");
    let (node, vmid) = (
        "pve".parse().expect("a name"),
        pve_api::VmId::new(vmid).expect("a VMID"),
    );
    client.start(&node, vmid).await.expect("accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_in_every_disguise_get_no_write() {
    let all = disguises();
    let of = all.len();
    let every = if full() { 1 } else { 7 };
    let (mut run, mut writes) = (0, 0);
    for disguise in all.into_iter().step_by(every) {
        run += 1;
        writes += untouched(disguise).await;
    }
    report(&format!(
        "identity: {of} disguises of a stranger, {run} run, {writes} writes to them"
    ));
    assert_eq!(writes, 0);
}
