# Writes lib/wscodec/declarations.rb from include/wscodec.json:
#
#   ruby generate.rb wscodec.json > lib/wscodec/declarations.rb
require "json"

FUNCTIONS = %w[
  ws_sizeof ws_features ws_strerror ws_errname ws_close_code_for ws_http_status
  ws_accept_key ws_parse_handshake ws_parse_response ws_find_header
  ws_make_key ws_build_request ws_pmd_offer ws_pmd_accept_value ws_pmd_confirm_value
  ws_frame_decode ws_frame_size ws_frame_encode ws_frame_header
  ws_decoder_init ws_decoder_feed ws_decoder_finish
  ws_utf8_validate ws_close_parse ws_close_build
  ws_conn_new ws_conn_free ws_conn_set_pmd ws_conn_get_pmd ws_conn_set ws_conn_get
  ws_event_data ws_conn_recv ws_conn_output ws_conn_send ws_conn_send_bound ws_conn_close
  ws_conn_finish ws_conn_state ws_conn_accept ws_conn_confirm
].freeze
STRUCTS = %w[
  ws_handshake ws_response ws_request_spec ws_frame ws_decoder ws_pmd_params ws_event
  ws_accept_spec ws_accepted
].freeze
CONSTANTS = /\AWS_(ERR|OPT|INFO|EVENT|OPCODE|STATE|TYPE|MAX|SEND|ACCEPT|FEATURE)_|
  \AWS_(FIN|RSV\d|MASKED|BEGIN|END|SERVER|CLIENT|DEFLATE|ANY_MASK|KEEP_MASKED|ANY_RSV|KEY_LEN)\z/x
DIRECTIVES = { "uint8_t" => "C", "uint16_t" => "S", "uint32_t" => "L", "uint64_t" => "Q",
               "size_t" => "J", "ws_result" => "j", "ws_span" => "L2", "ws_bytes" => "J2" }.freeze

# The name of a constant in Ruby, where BEGIN and END are keywords.
def constant_name(name)
  short = name.delete_prefix("WS_")
  %w[BEGIN END].include?(short) ? "CHUNK_#{short}" : short
end

# A type as Fiddle knows it.
def plain(type)
  return type if type == "const char *"

  type.end_with?("*") ? "void *" : type.sub("ws_result", "ptrdiff_t")
end

def signature(function)
  parameters = function["parameters"].map { |each| "#{plain(each["type"])} #{each["name"]}" }
  "#{plain(function["result"])} #{function["name"]}(#{parameters.join(", ")})".gsub("* ", "*")
end

# The directive of String#unpack for a member.
def directive(field)
  type, count = field["type"].scan(/\A(.+?)(?:\[(\d+)\])?\z/).first
  return "a#{count}" if type == "uint8_t" && count

  "#{DIRECTIVES.fetch(type) { "J" }}#{count}"
end

def listed(document, part, names)
  names.map { |name| document[part].find { |each| each["name"] == name } }
end

document = JSON.parse(File.read(ARGV.fetch(0)))
puts "# Made by generate.rb from include/wscodec.json.", "module WSCodec"
document["constants"].each do |constant|
  name = constant["name"]
  puts "  #{constant_name(name)} = #{constant["value"]}" if CONSTANTS.match?(name)
end
puts "", "  # What the library exports, and the layout of its structs."
puts "  module Declarations", "    FUNCTIONS = ["
listed(document, "functions", FUNCTIONS).each { |each| puts "      #{signature(each).inspect}," }
puts "    ].freeze", "", "    # Size in bytes, and the directive of String#unpack for each member."
puts "    STRUCTS = {"
listed(document, "structs", STRUCTS).each do |struct|
  members = struct["fields"].map { |field| "#{field["name"]}: #{directive(field).inspect}" }
  puts "      #{struct["name"]}: [#{struct["size"]["64"]}, { #{members.join(", ")} }],"
end
puts "    }.freeze", "  end", "end"
