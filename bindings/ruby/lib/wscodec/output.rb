module WSCodec
  # Bytes to be sent, written by C one after another.
  class Output
    KEPT = 4096 # bytes of memory that an empty one keeps

    def initialize
      @length = 0
      @capacity = 0
    end

    # Yields an address with room for `size` bytes; adds as many bytes as the block returns.
    def write(size)
      grow(@length + size) if @length + size > @capacity
      @length += Errors.check(yield(@memory + @length, size))
      nil
    end

    def empty?
      @length.zero?
    end

    # Returns and forgets the bytes.
    def take
      return "".b if empty?

      taken = @memory[0, @length]
      @length = 0
      @memory = @capacity = nil if @capacity > KEPT
      @capacity ||= 0
      taken
    end

    private

    def grow(needed)
      capacity = [needed, 2 * @capacity, 1024].max
      memory = Native.memory(capacity)
      memory[0, @length] = @memory[0, @length] if @length.positive?
      @memory = memory
      @capacity = capacity
    end
  end
end
