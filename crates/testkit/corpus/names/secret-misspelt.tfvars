# A misspelt secret, whose value must not be shown.
# terraform: warns
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
proxmox_api_token_secert = "hunter2"
#@^^^^^^^^^^^^^^^^^^^^^^^^ error input-unknown
#= proxmox_api_token_secret = "hunter2"
