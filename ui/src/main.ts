import { mount } from 'svelte'
import './styles/all.css'
import App from './App.svelte'
import { wearColour } from './frame/cluster'
import { escapeInvisible } from './frame/invisible'

escapeInvisible(document.documentElement)
wearColour()
const target = document.getElementById('app')
if (target) mount(App, { target })
