resource "terraform_data" "a" {
  input = 2
}
data "terraform_remote_state" "later" {
  backend  = "local"
  config   = { path = "none-${terraform_data.a.output}" }
  defaults = {}
}
