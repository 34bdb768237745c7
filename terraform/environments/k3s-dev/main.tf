module "cluster" {
  source = "../../modules/talos-cluster"

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

# Inputs of the earlier contract that work and mean nothing for Talos.
data "eminfra_notices" "retired" {
  messages = compact([
    var.ssh_authorized_keys == null ? "" : "ssh_authorized_keys has no effect: Talos has no SSH; remove it from terraform.tfvars (input-deprecated)",
    var.ssh_public_key_comment == null ? "" : "ssh_public_key_comment has no effect: Talos has no SSH; remove it from terraform.tfvars (input-deprecated)",
    var.wait_for_ip_timeout == null ? "" : "wait_for_ip_timeout has no effect: addresses are given, not waited for; remove it from terraform.tfvars (input-deprecated)",
  ])
}
