# The whole token in the place of its id.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
proxmox_api_token_id = "em-infra@pve!terraform=00000000-0000-0000-0000-000000000000"
#                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error token-id-form
#= proxmox_api_token_id = "em-infra@pve!terraform"
