resource "terraform_data" "big" {
  input = { number = 9007199254740992, text = "<\u00e9>" }
}
