package wscodec;

/** The structs of wscodec.h on machines of 64 bits: a class a struct, a constant a field. */
final class Layout {
    private Layout() {}

    static final class Span {
        static final int OFF = 0;
        static final int LEN = 4;
        static final int SIZE = 8;
    }

    static final class Handshake {
        static final int METHOD = 0;
        static final int TARGET = 8;
        static final int HOST = 16;
        static final int ORIGIN = 24;
        static final int KEY = 32;
        static final int HEAD_LEN = 40;
        static final int HTTP_VERSION = 44;
        static final int SIZE = 48;
    }

    static final class Response {
        static final int PROTOCOL = 0;
        static final int EXTENSIONS = 8;
        static final int HEAD_LEN = 16;
        static final int STATUS = 20;
        static final int HTTP_VERSION = 22;
        static final int REASON = 24;
        static final int SIZE = 32;
    }

    static final class RequestSpec {
        static final int HOST = 0;
        static final int TARGET = 16;
        static final int KEY = 32;
        static final int ORIGIN = 48;
        static final int PROTOCOLS = 64;
        static final int EXTENSIONS = 80;
        static final int HEADERS = 96;
        static final int SIZE = 112;
    }

    static final class AcceptSpec {
        static final int PROTOCOLS = 0;
        static final int HEADERS = 16;
        static final int PMD = 32;
        static final int ORIGINS = 48;
        static final int FLAGS = 64;
        static final int SIZE = 72;
    }

    static final class Accepted {
        static final int CONN = 0;
        static final int ERROR = 8;
        static final int HEAD_LEN = 16;
        static final int PROTOCOL = 20;
        static final int SIZE = 32;
    }

    static final class Frame {
        static final int PAYLOAD_LEN = 0;
        static final int CHUNK_POS = 8;
        static final int CHUNK_OFF = 16;
        static final int CHUNK_LEN = 24;
        static final int MASK_KEY = 32;
        static final int OPCODE = 36;
        static final int FLAGS = 37;
        static final int HEADER_LEN = 38;
        static final int MESSAGE_OPCODE = 39;
        static final int SIZE = 40;
    }

    static final class Decoder {
        static final int SIZE = 64;
    }

    static final class PmdParams {
        static final int SERVER_NO_CONTEXT_TAKEOVER = 0;
        static final int CLIENT_NO_CONTEXT_TAKEOVER = 1;
        static final int SERVER_MAX_WINDOW_BITS = 2;
        static final int CLIENT_MAX_WINDOW_BITS = 3;
        static final int LEVEL = 4;
        static final int MEM_LEVEL = 5;
        static final int SIZE = 8;
    }

    static final class Event {
        static final int OFF = 0;
        static final int LEN = 8;
        static final int OPCODE = 16;
        static final int FLAGS = 18;
        static final int CLOSE_CODE = 20;
        static final int SIZE = 24;
    }

    /** The frozen structs must have these sizes; the others may have grown. */
    static void check() {
        int[][] frozen = {
            {5, Frame.SIZE}, {6, Decoder.SIZE}, {8, PmdParams.SIZE}, {11, Event.SIZE},
        };
        for (int[] type : frozen) {
            if (Native.ws_sizeof(type[0]) != type[1]) {
                throw new UnsatisfiedLinkError("wscodec: the library has another ABI");
            }
        }
    }
}
