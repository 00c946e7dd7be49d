require "fiddle"
require "fiddle/cparser"

module WSCodec
  # The functions of the library, each by its name, and the memory they work on.
  #
  # A call keeps Ruby's global lock: no other thread changes a string while C reads it, and a short
  # call does not pay for handing the lock over.
  module Native
    extend Fiddle::CParser

    PATH = ENV.fetch("WSCODEC_LIBRARY", "libwscodec.so.0")
    LIBRARY = Fiddle.dlopen(PATH)

    Declarations::FUNCTIONS.each do |signature|
      name, result, parameters = parse_signature(signature)
      function = Fiddle::Function.new(LIBRARY[name], parameters, result, name: name, need_gvl: true)
      const_set(name.upcase, function)
      names = Array.new(parameters.size) { |i| "p#{i}" }.join(", ")
      module_eval("def self.#{name}(#{names}) = #{name.upcase}.call(#{names})", __FILE__, __LINE__)
    end

    # How a C struct is packed into a string.
    class Layout
      attr_reader :size, :format

      def initialize(size, members)
        @size = size
        @members = members.transform_values { |directive| directive[/\A[JL](?=2\z)/] ? 2 : 1 }
        @format = members.values.join
      end

      # The members as a Hash; those of two numbers as an Array.
      def read(bytes)
        values = bytes.unpack(@format)
        @members.transform_values { |count| count == 1 ? values.shift : values.shift(2) }
      end

      # The struct as a string, with zeros for the members that are not given.
      def write(members = {})
        @members.flat_map { |name, count| Array(members.fetch(name) { [0] * count }) }
                .pack(@format).ljust(@size, "\0")
      end
    end

    Declarations::STRUCTS.each do |name, (size, members)|
      number = "TYPE_#{name.to_s.delete_prefix("ws_").upcase}"
      if ws_sizeof(WSCodec.const_get(number)) < size
        raise LoadError, "#{PATH}: #{name} is smaller than declared"
      end

      const_set(name.to_s.delete_prefix("ws_").upcase, Layout.new(size, members))
    end

    # Memory that is freed with the last reference to it.
    def self.memory(size)
      Fiddle::Pointer.malloc(size, Fiddle::RUBY_FREE)
    end

    # A copy of a string that does not move.
    def self.copied(string)
      memory([string.bytesize, 1].max).tap { |copy| copy[0, string.bytesize] = string }
    end

    # The bytes of a string in a string of its own, for C to change. (dup and b would share the
    # memory until one of the two is changed through Ruby.)
    def self.writable(data)
      Errors.check_string("data", data)
      (String.new(capacity: data.bytesize) << data).force_encoding(Encoding::BINARY)
    end

    # A buffer for output that C writes, then cut to its length.
    def self.written(size)
      out = "\0".b * size
      length = Errors.check(yield(out, size))
      out[length..] = ""
      out
    end

    # What one call fills, for each thread: its results are taken before another call.
    class Scratch
      ENTRIES = 64
      attr_reader :entries, :used

      def initialize
        @entries = Native.memory(ENTRIES * FRAME.size)
        @used = Native.memory(Fiddle::SIZEOF_SIZE_T)
      end

      def consumed
        @used[0, Fiddle::SIZEOF_SIZE_T].unpack1("J")
      end
    end

    def self.scratch
      thread = Thread.current
      thread.thread_variable_get(:wscodec) ||
        Scratch.new.tap { |made| thread.thread_variable_set(:wscodec, made) }
    end
  end
end
