/* ReLU and Clip: levels held between bounds. */
typedef struct {
    int32_t channels, plane;
    const int8_t *low, *high;
    int32_t bounds_each; /* 1: bounds for each channel; 0: for all */
} net_clamp;

static void net_hold(const net_clamp *p, const int8_t *x, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++) {
            int32_t b = p->bounds_each ? c : 0;
            *out++ = net_clamp8(*x++, p->low[b], p->high[b]);
        }
}
