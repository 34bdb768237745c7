# Everything here is read from arguments of the VMs, so it is known at plan, and nothing is handed over that was
# not made. No value is null, and none comes from a guest agent.

locals {
  summaries = {
    for name, vm in eminfra_talos_vm.node : name => {
      name = vm.name
      role = vm.role
      vmid = vm.vmid
      ip   = vm.address
      mac  = vm.mac
      node = vm.node
    }
  }
}

output "talos_bootstrap_contract" {
  description = "What the Talos bootstrap step needs, as schemas/talos-bootstrap-contract.v1.schema.json describes it."

  value = provider::eminfra::bootstrap_contract(local.topology.cluster, [
    for vm in eminfra_talos_vm.node : {
      name          = vm.name
      role          = vm.role
      vmid          = vm.vmid
      node          = vm.node
      mac           = vm.mac
      uuid          = vm.uuid
      address       = vm.address
      prefix_length = vm.prefix_length
      gateway       = vm.gateway
      address_mode  = vm.address_mode
      gpus          = vm.gpus
      talos_version = vm.talos_version
    }
  ])
}

output "talos_control_plane_endpoints" {
  description = "Addresses of the control planes, by name. Never the VIP: it answers only after the bootstrap."
  value       = [for vm in eminfra_talos_vm.node : vm.address if vm.role == "controlplane"]
}

output "talos_bootstrap_nodes" {
  description = "The nodes by group, each group sorted by name."

  value = {
    for group in ["control_plane", "workers", "gpu_workers"] : group => [
      for name, summary in local.summaries : summary if local.topology.nodes[name].group == group
    ]
  }
}

output "talos_node_ip_map" {
  description = "Address of each node."
  value       = { for name, vm in eminfra_talos_vm.node : name => vm.address }
}

output "talos_node_vmid_map" {
  description = "VMID of each node."
  value       = { for name, vm in eminfra_talos_vm.node : name => vm.vmid }
}

output "diagnostics" {
  description = "For reading, not for building on: it may change in any release."

  value = {
    for name, vm in eminfra_talos_vm.node : name => {
      proxmox_node = vm.node
      template     = vm.template
      storage      = vm.storage
      bridge       = vm.bridge
      cores        = vm.cores
      memory_mib   = vm.memory
      disk_gib     = vm.disk_gb
      gpus         = [for gpu in vm.gpus : coalesce(gpu.mapping, gpu.bdf)]
      tags         = vm.tags
    }
  }
}
