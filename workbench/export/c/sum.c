/* a_sign * a + b_sign * b, each brought to the output's scale, in units of 2^-headroom of a
   level; the sum is rounded once. Element i of channel c of a is a[c * a_channel_step +
   i * a_step], so that a blob may stretch over the other. */
typedef struct {
    int32_t channels, plane;
    int32_t a_channel_step, a_step, b_channel_step, b_step;
    int32_t a_sign, b_sign, headroom;
    const int32_t *a_multiplier, *a_shift, *b_multiplier, *b_shift; /* 0: in this scale already */
    int32_t a_rescale_each, b_rescale_each; /* 1: a multiplier for each channel; 0: one for all */
} net_sum;

static int64_t net_term(int8_t x, int32_t headroom, int32_t sign, const int32_t *multiplier,
                        const int32_t *shift, int32_t channel) {
    int32_t fine = x * ((int32_t)1 << headroom);
    if (multiplier) fine = net_multiply(fine, multiplier[channel], shift[channel]);
    return (int64_t)sign * fine;
}

static void net_add(const net_sum *p, const int8_t *a, const int8_t *b, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++) {
            int64_t sum = net_term(a[c * p->a_channel_step + i * p->a_step], p->headroom,
                                   p->a_sign, p->a_multiplier, p->a_shift,
                                   p->a_rescale_each ? c : 0)
                        + net_term(b[c * p->b_channel_step + i * p->b_step], p->headroom,
                                   p->b_sign, p->b_multiplier, p->b_shift,
                                   p->b_rescale_each ? c : 0);
            *out++ = net_clamp8(net_divide_power(sum, p->headroom), -127, 127);
        }
}
