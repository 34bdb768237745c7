# One UUID, in two cases of letters.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
workers = { worker-1 = { uuid = "7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11" }, worker-2 = { uuid = "7F1C1A52-7C1B-5D0E-9F83-0D1B8A4C2E11" } }
#                                                                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error uuid-duplicate
#= workers = { worker-1 = { uuid = "7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11" }, worker-2 = { uuid = "7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e12" } }
