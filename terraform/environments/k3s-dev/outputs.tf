output "talos_bootstrap_contract" {
  description = "What the Talos bootstrap step needs, as schemas/talos-bootstrap-contract.v1.schema.json describes it."
  value       = module.cluster.talos_bootstrap_contract
}

output "talos_control_plane_endpoints" {
  description = "Addresses of the control planes, by name."
  value       = module.cluster.talos_control_plane_endpoints
}

output "talos_bootstrap_nodes" {
  description = "The nodes by group: control_plane, workers, gpu_workers."
  value       = module.cluster.talos_bootstrap_nodes
}

output "talos_node_ip_map" {
  description = "Address of each node."
  value       = module.cluster.talos_node_ip_map
}

output "talos_node_vmid_map" {
  description = "VMID of each node."
  value       = module.cluster.talos_node_vmid_map
}

output "diagnostics" {
  description = "For reading, not for building on: it may change in any release."
  value       = module.cluster.diagnostics
}
