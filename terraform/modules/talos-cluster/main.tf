locals {
  inputs = {
    env_name       = var.env_name
    node           = var.node
    disk_pool      = var.disk_pool
    network_bridge = var.network_bridge
    network_vlan   = var.network_vlan
    proxmox_pool   = var.proxmox_pool
    vmid_start     = var.vmid_start
    clone_mode     = var.clone_mode

    control_plane_template = var.control_plane_template
    worker_template        = var.worker_template
    gpu_worker_template    = var.gpu_worker_template

    control_plane_count     = var.control_plane_count
    worker_count            = var.worker_count
    gpu_worker_pci_bdfs     = var.gpu_worker_pci_bdfs
    workers                 = var.workers
    gpu_workers             = var.gpu_workers
    node_overrides          = var.node_overrides
    control_plane_cores     = var.control_plane_cores
    control_plane_memory_mb = var.control_plane_memory_mb
    control_plane_disk_gb   = var.control_plane_disk_gb
    worker_cores            = var.worker_cores
    worker_memory_mb        = var.worker_memory_mb
    worker_disk_gb          = var.worker_disk_gb
    gpu_worker_cores        = var.gpu_worker_cores
    gpu_worker_memory_mb    = var.gpu_worker_memory_mb
    gpu_worker_disk_gb      = var.gpu_worker_disk_gb
    cpu_type                = var.cpu_type

    cluster_network_cidr = var.cluster_network_cidr
    network_gateway      = var.network_gateway
    nameservers          = var.nameservers
    node_address_start   = var.node_address_start
    cluster_vip          = var.cluster_vip
    cluster_cidr         = var.cluster_cidr
    service_cidr         = var.service_cidr
    address_mode         = var.address_mode

    talos_version      = var.talos_version
    kubernetes_version = var.kubernetes_version
    talos_platform     = var.talos_platform
    talos_schematic_id = var.talos_schematic_id
    gpu_schematic_id   = var.gpu_schematic_id
  }

  # Every node follows from the inputs in one place. What is wrong with them together is reported here, all at once.
  topology = provider::eminfra::topology(local.inputs)
}

# Inputs that work, and that somebody should look at.
data "eminfra_notices" "inputs" {
  messages = local.topology.warnings
}

# An API token cannot pass a raw PCI address through, so each device that is given by address gets a mapping.
resource "eminfra_pci_mapping" "gpu" {
  for_each = local.topology.pci_mappings

  env_name = var.env_name
  name     = each.key
  node     = each.value.node
  bdf      = each.value.bdf
}

resource "eminfra_talos_vm" "node" {
  for_each = local.topology.nodes

  env_name = var.env_name
  name     = each.key
  role     = each.value.role
  started  = true

  node     = each.value.node
  vmid     = each.value.vmid
  template = each.value.template
  clone    = each.value.clone
  pool     = each.value.pool

  cores    = each.value.cores
  memory   = each.value.memory
  cpu_type = each.value.cpu_type
  machine  = each.value.machine
  bios     = each.value.bios
  disk_gb  = each.value.disk_gb
  storage  = each.value.storage
  gpus = [
    for gpu in each.value.gpus : {
      mapping = gpu.bdf == null ? gpu.mapping : eminfra_pci_mapping.gpu[gpu.mapping].name
      bdf     = gpu.bdf
    }
  ]

  bridge        = each.value.bridge
  vlan          = each.value.vlan
  mac           = each.value.mac
  uuid          = each.value.uuid
  address       = each.value.address
  prefix_length = each.value.prefix_length
  gateway       = each.value.gateway
  nameservers   = each.value.nameservers
  address_mode  = each.value.address_mode

  tags          = each.value.tags
  onboot        = each.value.onboot
  startup_order = each.value.startup_order
  protection    = each.value.protection
  talos_version = each.value.talos_version
}
