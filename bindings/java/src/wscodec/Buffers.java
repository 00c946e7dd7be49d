package wscodec;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Addresses of buffers, and fields of structs. */
final class Buffers {
    private Buffers() {}

    /** The remaining bytes of a direct buffer: their number and address stay as they are. */
    static ByteBuffer view(ByteBuffer buffer, String name) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException(name + ": not a direct buffer");
        }
        return buffer.slice();
    }

    /** The same for a buffer that the library writes to: payloads are unmasked in place. */
    static ByteBuffer writable(ByteBuffer buffer, String name) {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException(name + ": a read-only buffer");
        }
        return view(buffer, name);
    }

    static long address(ByteBuffer view) {
        return view.hasRemaining() ? base(view) : 0;
    }

    static long base(ByteBuffer direct) {
        return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
    }

    /** The remaining bytes; the buffer stays as it was. */
    static byte[] copy(ByteBuffer buffer) {
        var bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static ByteBuffer struct(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    static ByteBuffer nativeMemory(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }

    /** The text of a span of a head; null if it is absent. */
    static String text(byte[] head, ByteBuffer struct, int field) {
        int off = struct.getInt(field + Layout.Span.OFF);
        int len = struct.getInt(field + Layout.Span.LEN);
        return off == 0 && len == 0
                ? null
                : new String(head, off, len, StandardCharsets.ISO_8859_1);
    }

    /** The bytes of a head: like all of HTTP in Java, each character is one of them. */
    static byte[] latin1(String text, String name) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                throw new IllegalArgumentException(name + ": a character above U+00FF");
            }
        }
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
