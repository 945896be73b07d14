/* A function of one element, as a table of 256 entries for the levels -128 to 127. */
typedef struct {
    int32_t channels, plane;
    const int8_t *table;
    int32_t table_each; /* 1: a table for each channel; 0: one for all */
} net_lookup;

static void net_look_up(const net_lookup *p, const int8_t *x, int8_t *out) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++)
        for (i = 0; i < p->plane; i++)
            *out++ = p->table[(p->table_each ? c * 256 : 0) + *x++ + 128];
}
