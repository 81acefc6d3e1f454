/* The policy `once`: each tensor is read once by each layer that uses it, and written once. */
#include "cost/leveled.h"

static bool is_model_input(const pj_value *value)
{
    return value->is_input && !value->graph->parent;
}

static bool is_model_output(const pj_value *value)
{
    return value->is_output && !value->graph->parent;
}

static pj_status read_parameters(const pj_traffic *traffic, const pj_layer_detail *detail, pj_moves *out, pj_error *err)
{
    const pj_memory *memory = traffic->memory;
    for (int i = 0; i < detail->parameters; i++) {
        const pj_parameter *parameter = &detail->parameter[i];
        uint64_t bits;
        PJ_TRY(pj_traffic_bits(&parameter->format, parameter->value, parameter->read, &bits, err));
        pj_move move = pj_move_read(memory, PJ_OPERAND_PARAMETER, memory->weights_on, bits);
        move.value = parameter->value;
        PJ_TRY(pj_moves_add(out, &move, err));
    }
    pj_move held = pj_move_read(memory, PJ_OPERAND_PARAMETER, memory->weights_on, (uint64_t)detail->held_read);
    return detail->held_read ? pj_moves_add(out, &held, err) : PJ_OK;
}

static pj_status read_activations(const pj_traffic *traffic, const pj_layer_detail *detail, pj_moves *out,
                                  pj_error *err)
{
    const pj_node *node = detail->node;
    for (int i = 0; i < node->inputs; i++) {
        uint64_t bits;
        if (!pj_layer_reads_activation(node, i) || pj_layers_hide(traffic->layers, node->in[i]))
            continue;
        pj_format format = pj_precision_reads(traffic->precision, node, i);
        PJ_TRY(pj_traffic_bits(&format, node->in[i], detail->read[i], &bits, err));
        bool is_io = is_model_input(pj_precision_source(traffic->precision, node, i));
        pj_move move = pj_move_read(traffic->memory, PJ_OPERAND_INPUT, pj_memory_place(traffic->memory, is_io), bits);
        move.value = node->in[i];
        PJ_TRY(pj_moves_add(out, &move, err));
    }
    return PJ_OK;
}

static pj_status write_results(const pj_traffic *traffic, const pj_layer_detail *detail, pj_moves *out, pj_error *err)
{
    const pj_node *node = detail->node;
    for (int o = 0; o < node->outputs; o++) {
        uint64_t bits;
        if (!node->out[o] || pj_layers_hide(traffic->layers, node->out[o]))
            continue;
        pj_format format = pj_precision_of(traffic->precision, node->out[o]);
        PJ_TRY(pj_traffic_bits(&format, node->out[o], detail->written[o], &bits, err));
        bool is_io = is_model_output(pj_precision_result(traffic->precision, node, o));
        pj_move move = pj_move_write(traffic->memory, PJ_OPERAND_OUTPUT, pj_memory_place(traffic->memory, is_io), bits);
        move.value = node->out[o];
        PJ_TRY(pj_moves_add(out, &move, err));
    }
    return PJ_OK;
}

pj_status pj_once_charge(const pj_traffic *traffic, size_t layer, pj_layer *row, pj_error *err)
{
    const pj_layer_detail *detail = &traffic->layers->detail[layer];
    pj_moves *moves = traffic->moves;
    moves->count = 0;
    PJ_TRY(read_parameters(traffic, detail, moves, err));
    PJ_TRY(read_activations(traffic, detail, moves, err));
    PJ_TRY(write_results(traffic, detail, moves, err));
    for (size_t i = 0; i < moves->count; i++)
        pj_move_charge(traffic->memory, &moves->at[i], &row->energy);
    bool is_told = traffic->memory->hierarchy && !traffic->memory->is_mute;
    return is_told ? pj_leveled_bound(traffic, layer, row, err) : PJ_OK;
}
