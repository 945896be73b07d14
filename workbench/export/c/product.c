/* a * b, brought to the output's scale by one multiplier. Element i of channel c of a is
   a[c * a_channel_step + i * a_step], so that a blob may stretch over the other. */
typedef struct {
    int32_t channels, plane;
    int32_t a_channel_step, a_step, b_channel_step, b_step;
    const int32_t *multiplier, *shift;
    int32_t rescale_each;
} net_product;

static void net_times(const net_product *p, const int8_t *a, const int8_t *b, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++) {
            int32_t r = p->rescale_each ? c : 0;
            int32_t product = a[c * p->a_channel_step + i * p->a_step]
                            * b[c * p->b_channel_step + i * p->b_step];
            *out++ = net_clamp8(net_multiply(product, p->multiplier[r], p->shift[r]), -127, 127);
        }
}
