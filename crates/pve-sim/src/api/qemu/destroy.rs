//! Removing machines, growing disks.

use serde_json::json;

use super::super::{Answer, Context, Endpoint, Permit};
use super::permission::check_skiplock;
use crate::fail::Result;
use crate::job::{Destroy, Resize};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "DELETE",
        path: "/nodes/{node}/qemu/{vmid}",
        permit: Permit::All("/vms/{vmid}", &["VM.Allocate"]),
        params: &["
            skiplock? bool
            purge? bool
            destroy-unreferenced-disks? bool
        "],
        handler: destroy,
    },
    Endpoint {
        method: "PUT",
        path: "/nodes/{node}/qemu/{vmid}/resize",
        permit: Permit::All("/vms/{vmid}", &["VM.Config.Disk"]),
        params: &[
            super::disk_param!("disk"),
            "
            skiplock? bool
            size text pat=\\+?\\d+(\\.\\d+)?[KMGT]?
            digest? text len=40
        ",
        ],
        handler: resize,
    },
];

fn destroy(context: &mut Context<'_>) -> Result<Answer> {
    let (vmid, args) = (context.vmid(), &context.args);
    let skiplock = args.is_on("skiplock");
    check_skiplock(&context.who, skiplock)?;
    let job = Destroy::new(
        vmid,
        skiplock,
        args.is_on("purge"),
        args.is_on("destroy-unreferenced-disks"),
    );
    job.check(context.world)?;
    Ok(json!(context.world.spawn("qmdestroy", vmid, &context.who, job)).into())
}

fn resize(context: &mut Context<'_>) -> Result<Answer> {
    let (vmid, args) = (context.vmid(), &context.args);
    let skiplock = args.is_on("skiplock");
    check_skiplock(&context.who, skiplock)?;
    let job = Resize::new(
        vmid,
        context.who.clone(),
        skiplock,
        args.required("disk"),
        args.required("size"),
        args.text("digest"),
    );
    Ok(json!(context.world.spawn("resize", vmid, &context.who, job)).into())
}
