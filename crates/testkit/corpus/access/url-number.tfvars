# A number in place of the address.
# terraform: converts
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
proxmox_api_url = 8006
#                 ^^^^ error type-mismatch
#= proxmox_api_url = "https://pve:8006"
