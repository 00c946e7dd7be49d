package wscodec;

/** What a connection knows of itself: WS_INFO_* in wscodec.h, which describes them. */
public enum Fact {
    CLOSE_SENT(100),
    CLOSE_RECEIVED(101),
    CLOSED_BY_PEER(102),
    SENDING(103),
    RECEIVING(104),
    ANNOUNCED(105),
    BUFFERED(106);

    final int value;

    Fact(int value) {
        this.value = value;
    }
}
