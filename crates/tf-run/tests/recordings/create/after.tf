resource "terraform_data" "a" {
  input = "x"
}
output "known" {
  value = terraform_data.a.input
}
output "unknown" {
  value = { id = terraform_data.a.id, fixed = null }
}
output "secret" {
  value     = "canary"
  sensitive = true
}
