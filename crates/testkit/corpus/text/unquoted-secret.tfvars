# A secret without quotes, which must not be shown.
# terraform: own words
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
proxmox_api_token_secret = 7e57ab1e-0000-4000-8000-000000000001
#                              ^ error syntax
#= proxmox_api_token_secret = "7e57ab1e-0000-4000-8000-000000000001"
