# What is left out here comes from the environment variables that other Proxmox providers read too
# (PROXMOX_VE_ENDPOINT, PROXMOX_VE_API_TOKEN, …): a token needs to be in no file.
provider "eminfra" {
  endpoint         = var.proxmox_api_url
  api_token_id     = var.proxmox_api_token_id
  api_token_secret = var.proxmox_api_token_secret
  username         = var.proxmox_username
  password         = var.proxmox_password

  tls_ca_file     = var.proxmox_tls_ca_file
  tls_fingerprint = var.proxmox_tls_fingerprint
  tls_insecure    = var.proxmox_tls_insecure

  allow_restart          = var.allow_restart
  allow_rebuild          = var.allow_rebuild
  protect_control_planes = var.protect_control_planes
  take_over              = var.take_over
}
