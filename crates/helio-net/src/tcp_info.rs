//! `TCP_INFO`: what the kernel knows about one TCP connection, decoded from bytes.
//!
//! The structure has grown with the kernel for twenty years (`include/uapi/linux/tcp.h`). It is read as bytes with the
//! length that the kernel returned; a field that the kernel did not give is `None`, never 0. libc's own structure
//! stops early on some systems, hence the table below.

use crate::sys;
use serde::Serialize;
use std::io;
use std::os::fd::AsFd;

macro_rules! tcp_info {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $at:literal;)+) => {
        /// The fields of `struct tcp_info` that hold one whole number, in the kernel's order and under its names.
        ///
        /// Times are in the unit that the kernel uses: microseconds where the name ends in `_us`, else milliseconds
        /// where it ends in `_ms`. `since` in a comment is the first kernel that returns the field.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub struct TcpInfo {
            $(
                $(#[doc = $doc])+
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )+
        }

        impl TcpInfo {
            /// Decodes what the kernel returned; `bytes` may be of any length.
            #[must_use]
            pub fn decode(bytes: &[u8]) -> Self {
                Self { $($name: field(bytes, $at).map(<$type>::from_ne_bytes),)+ }
            }

            /// All that the kernel gave, each with its name.
            pub fn numbers(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                let all = [$((stringify!($name), self.$name.map(u64::from)),)+];
                all.into_iter().filter_map(|(name, number)| Some((name, number?)))
            }
        }
    };
}

tcp_info! {
    /// State number, 1 ESTABLISHED to 12 NEW_SYN_RECV; see [`TcpInfo::state_name`].
    state: u8 = 0;
    /// Congestion state: 0 Open, 1 Disorder, 2 CWR, 3 Recovery, 4 Loss.
    ca_state: u8 = 1;
    /// Timeouts in a row of the oldest unacknowledged segment.
    retransmits: u8 = 2;
    /// Unanswered keep-alive or zero-window probes.
    probes: u8 = 3;
    /// Exponent of the retransmission timer's back-off.
    backoff: u8 = 4;
    /// Negotiated options: timestamps 1, SACK 2, window scale 4, ECN 8, ECN seen 16, data in SYN 32.
    options: u8 = 5;
    /// Window scale shifts of the SYN: low four bits ours to send, high four ours to receive.
    window_scales: u8 = 6;
    /// Retransmission timeout.
    rto_us: u32 = 8;
    /// Delayed-ACK timeout.
    ato_us: u32 = 12;
    /// Largest segment that we send now, bytes.
    snd_mss: u32 = 16;
    /// Largest segment that the peer is believed to send, bytes.
    rcv_mss: u32 = 20;
    /// Segments in flight; on a listener the length of its accept queue.
    unacked: u32 = 24;
    /// Segments acknowledged out of order (SACK); on a listener its backlog.
    sacked: u32 = 28;
    /// Segments presumed lost.
    lost: u32 = 32;
    /// Segments retransmitted and not yet acknowledged.
    retrans: u32 = 36;
    /// Since we last sent data.
    last_data_sent_ms: u32 = 44;
    /// Since data last arrived.
    last_data_recv_ms: u32 = 52;
    /// Since an acknowledgement last arrived.
    last_ack_recv_ms: u32 = 56;
    /// Path MTU, bytes.
    pmtu: u32 = 60;
    /// Bound on the growth of our receive window, bytes.
    rcv_ssthresh: u32 = 64;
    /// Smoothed round-trip time (RFC 6298).
    rtt_us: u32 = 68;
    /// Mean deviation of the round-trip time (RFC 6298).
    rttvar_us: u32 = 72;
    /// Slow-start threshold, segments; 2^31 - 1 means none.
    snd_ssthresh: u32 = 76;
    /// Congestion window, segments.
    snd_cwnd: u32 = 80;
    /// Largest segment that we announced, bytes.
    advmss: u32 = 84;
    /// Reordering that is tolerated before a loss is presumed, segments.
    reordering: u32 = 88;
    /// The receiver's own estimate of the round-trip time.
    rcv_rtt_us: u32 = 92;
    /// Target of receive-buffer tuning, bytes.
    rcv_space: u32 = 96;
    /// Segments retransmitted in the connection's life.
    total_retrans: u32 = 100;
    /// Pacing rate, bytes a second; all ones: unlimited. Since 3.15.
    pacing_rate: u64 = 104;
    /// Upper bound of the pacing rate, bytes a second. Since 3.15.
    max_pacing_rate: u64 = 112;
    /// Bytes that the peer acknowledged, SYN counted as one. Since 4.1.
    bytes_acked: u64 = 120;
    /// Bytes received in order. Since 4.1.
    bytes_received: u64 = 128;
    /// Segments sent, with and without data. Since 4.2.
    segs_out: u32 = 136;
    /// Segments received, with and without data. Since 4.2.
    segs_in: u32 = 140;
    /// Bytes written but not yet sent for the first time. Since 4.6.
    notsent_bytes: u32 = 144;
    /// Smallest round-trip time of the recent past. Since 4.6.
    min_rtt_us: u32 = 148;
    /// Segments with data received. Since 4.6.
    data_segs_in: u32 = 152;
    /// Segments with data sent. Since 4.6.
    data_segs_out: u32 = 156;
    /// Latest sample of goodput, bytes a second. Since 4.9.
    delivery_rate: u64 = 160;
    /// Time with data outstanding. Since 4.10.
    busy_time_us: u64 = 168;
    /// Part of the busy time held up by the peer's window. Since 4.10.
    rwnd_limited_us: u64 = 176;
    /// Part of the busy time held up by our send buffer. Since 4.10.
    sndbuf_limited_us: u64 = 184;
    /// Segments delivered. Since 4.18.
    delivered: u32 = 192;
    /// Segments delivered with a congestion mark echoed. Since 4.18.
    delivered_ce: u32 = 196;
    /// Bytes sent, retransmissions counted again. Since 4.19.
    bytes_sent: u64 = 200;
    /// Bytes retransmitted. Since 4.19.
    bytes_retrans: u64 = 208;
    /// Needless retransmissions that the peer reported (DSACK). Since 4.19.
    dsack_dups: u32 = 216;
    /// Times that reordering was seen. Since 4.19.
    reord_seen: u32 = 220;
    /// Segments received out of order. Since 5.4.
    rcv_ooopack: u32 = 224;
    /// The peer's announced window, bytes. Since 5.4.
    snd_wnd: u32 = 228;
    /// Our announced window, bytes. Since 6.2.
    rcv_wnd: u32 = 232;
    /// Flow re-hash attempts after timeouts. Since 6.2.
    rehash: u32 = 236;
    /// Retransmission timeouts, those of SYN and SYN-ACK included. Since 6.7.
    total_rto: u16 = 240;
    /// Recoveries that began with a timeout. Since 6.7.
    total_rto_recoveries: u16 = 242;
    /// Time spent in such recoveries. Since 6.7.
    total_rto_time_ms: u32 = 244;
    /// Segments received with a congestion mark. Since 6.18.
    received_ce: u32 = 248;
    /// Bytes delivered with ECT(1), as the peer counts. Since 6.18, like the five below.
    delivered_e1_bytes: u32 = 252;
    /// Bytes delivered with ECT(0).
    delivered_e0_bytes: u32 = 256;
    /// Bytes delivered with a congestion mark.
    delivered_ce_bytes: u32 = 260;
    /// Bytes received with ECT(1).
    received_e1_bytes: u32 = 264;
    /// Bytes received with ECT(0).
    received_e0_bytes: u32 = 268;
    /// Bytes received with a congestion mark. The four bytes behind it changed meaning in 7.0 and are not decoded.
    received_ce_bytes: u32 = 272;
}

impl TcpInfo {
    /// Asks the kernel about `socket`; about half a microsecond.
    ///
    /// # Errors
    /// What `getsockopt(2)` says; `Unsupported` on systems without `TCP_INFO`.
    pub fn of(socket: impl AsFd) -> io::Result<Self> {
        Ok(Self::decode(&sys::tcp_info_bytes(socket)?))
    }

    /// The state's name as in RFC 9293.
    #[must_use]
    pub fn state_name(&self) -> Option<&'static str> {
        const NAMES: [&str; 12] = [
            "ESTABLISHED",
            "SYN-SENT",
            "SYN-RECEIVED",
            "FIN-WAIT-1",
            "FIN-WAIT-2",
            "TIME-WAIT",
            "CLOSED",
            "CLOSE-WAIT",
            "LAST-ACK",
            "LISTEN",
            "CLOSING",
            "NEW-SYN-RECEIVED",
        ];
        NAMES.get(usize::from(self.state?).checked_sub(1)?).copied()
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// `TCP_INFO` of the client after 1,000 bytes each way over loopback, Linux 6.18, 280 bytes.
    const RECORDED: &[u8] = include_bytes!("../testdata/tcp_info_6_18.bin");

    #[test]
    #[cfg(target_endian = "little")]
    fn a_recording_of_linux_6_18_decodes_to_what_was_done() {
        let info = TcpInfo::decode(RECORDED);
        assert_eq!(RECORDED.len(), 280);
        assert_eq!(info.state_name(), Some("ESTABLISHED"));
        assert_eq!(info.bytes_acked, Some(1_001));
        assert_eq!(info.bytes_received, Some(1_000));
        assert_eq!(info.bytes_sent, Some(1_000));
        assert_eq!(info.total_retrans, Some(0));
        assert_eq!(info.pmtu, Some(65_535));
        assert_eq!(info.received_ce_bytes, Some(0));
    }

    /// An older kernel returns less: fields that are cut off, even in part, are absent.
    #[test]
    fn fields_beyond_the_returned_length_are_absent() {
        let bytes: Vec<u8> = (0..=255).collect();
        let info = TcpInfo::decode(&bytes[..230]);
        assert_eq!(info.rcv_ooopack, Some(u32::from_ne_bytes([224, 225, 226, 227])));
        assert_eq!(info.snd_wnd, None);
        assert_eq!(info.rcv_wnd, None);
        assert_eq!(TcpInfo::decode(&[]), TcpInfo::default());
        assert_eq!(TcpInfo::decode(&[]).state_name(), None);
    }

    /// What the same connection looks like from kernels that return less: the recording, cut where theirs end.
    #[test]
    #[cfg(target_endian = "little")]
    fn recordings_as_older_kernels_give_them_hold_their_fields_and_no_more() {
        let linux_2_6 = TcpInfo::decode(&RECORDED[..104]);
        assert_eq!((linux_2_6.total_retrans, linux_2_6.pacing_rate), (Some(0), None));
        let linux_4_10 = TcpInfo::decode(&RECORDED[..192]);
        assert_eq!((linux_4_10.bytes_acked, linux_4_10.delivered), (Some(1_001), None));
        assert!(linux_4_10.busy_time_us.is_some() && linux_4_10.sndbuf_limited_us.is_some());
        let linux_5_4 = TcpInfo::decode(&RECORDED[..232]);
        assert_eq!((linux_5_4.bytes_sent, linux_5_4.rcv_wnd), (Some(1_000), None));
        assert!(linux_5_4.snd_wnd.is_some_and(|window| window > 0));
        let linux_7 = [RECORDED, &[0xff; 8]].concat();
        assert_eq!(TcpInfo::decode(&linux_7), TcpInfo::decode(RECORDED));
    }

    #[test]
    fn no_length_is_a_panic() {
        for length in 0..=400 {
            let _ = TcpInfo::decode(&vec![0xff; length]).state_name();
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_live_socket_tells_what_was_exchanged() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(&[7; 1000]).unwrap();
        let mut got = [0; 1000];
        server.read_exact(&mut got).unwrap();
        server.write_all(&got).unwrap();
        client.read_exact(&mut got).unwrap();
        let info = TcpInfo::of(&client).unwrap();
        assert_eq!(info.state_name(), Some("ESTABLISHED"));
        assert_eq!(info.bytes_received, Some(1_000));
        assert_eq!(info.bytes_acked, Some(1_001));
        assert!(info.rtt_us.unwrap() > 0);
        assert!(info.snd_mss.unwrap() >= 536);
    }
}
