/* The larger or the smaller of two blobs of one scale. Element i of channel c of a is
   a[c * a_channel_step + i * a_step], so that a blob may stretch over the other. */
typedef struct {
    int32_t channels, plane;
    int32_t a_channel_step, a_step, b_channel_step, b_step;
} net_extreme;
