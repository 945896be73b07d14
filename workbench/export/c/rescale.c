/* One blob in another scale. */
typedef struct {
    int32_t channels, plane; /* so many elements in each channel */
    const int32_t *multiplier, *shift;
    int32_t rescale_each;    /* 1: one multiplier for each channel; 0: one for all */
} net_rescale;

static void net_change_scale(const net_rescale *p, const int8_t *x, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++) {
            int32_t r = p->rescale_each ? c : 0;
            *out++ = net_clamp8(net_multiply(*x++, p->multiplier[r], p->shift[r]), -127, 127);
        }
}
