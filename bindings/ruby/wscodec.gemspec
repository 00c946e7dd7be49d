Gem::Specification.new do |spec|
  spec.name = "wscodec"
  spec.version = "0.1.0"
  spec.summary = "WebSocket (RFC 6455, RFC 7692) without a socket"
  spec.authors = ["wscodec"]
  spec.licenses = ["MIT", "Apache-2.0"]
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir["lib/**/*.rb", "README.md"]
end
