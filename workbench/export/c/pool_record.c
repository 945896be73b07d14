/* Pooling. Window (i, j) covers the rows row_start[i] to row_end[i] - 1 of the image, and the
   columns alike; borders are cut off already. */
typedef struct {
    int32_t channels, in_h, in_w, out_h, out_w;
    const int32_t *row_start, *row_end, *col_start, *col_end;
    const int32_t *area;              /* of a mean: what the sum of a window is divided by */
    int32_t area_each;                /* 1: an area for each window; 0: one for all */
    const int32_t *multiplier, *shift; /* of a mean in another scale; 0: in the same */
    int32_t rescale_each;
} net_pool;
